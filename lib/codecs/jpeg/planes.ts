import type { Size } from "../../core/geometry.ts";
import { ZIGZAG } from "./blocks.ts";
import type { Coefficients } from "./coefficients.ts";

/** COSINE[x * 8 + u]: the basis of the inverse DCT (T.81 §A.3.3), halved. */
const COSINE = Float64Array.from({ length: 64 }, (_, i) => {
  const [x, u] = [i >> 3, i & 7];
  return Math.cos(((2 * x + 1) * u * Math.PI) / 16) / 2 *
    (u === 0 ? Math.SQRT1_2 : 1);
});

/** Samples of one component, H×W row-major. */
interface Plane extends Size {
  data: Uint16Array;
}

/**
 * The samples of a component in full resolution, 0 to 2^precision − 1. One of half the resolution is interpolated
 * linearly between the middles of its samples, as libjpeg does; others are repeated.
 *
 * @param most the greatest resolution of all components.
 */
export function planeOf(
  component: Coefficients,
  precision: number,
  { width, height }: Size,
  most: { h: number; v: number },
): Uint16Array {
  const { h, v } = component;
  const own = {
    width: Math.ceil(width * h / most.h),
    height: Math.ceil(height * v / most.v),
  };
  const plane = transform(component, precision, own);
  if (h === most.h && v === most.v) return plane.data;
  return widen(plane, { width, height }, most.h / h, most.v / v);
}

/** Dequantizes and transforms all blocks; what lies outside the component is dropped. */
function transform(
  { across, values, steps }: Coefficients,
  precision: number,
  { width, height }: Size,
): Plane {
  const [most, middle] = [2 ** precision - 1, 2 ** (precision - 1)];
  const data = new Uint16Array(width * height);
  const block = new Float64Array(64);
  const half = new Float64Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const from = ((top >> 3) * across + (left >> 3)) * 64;
      let [rows, columns] = [1, 1];
      for (let k = 0; k < 64; k++) {
        const place = ZIGZAG[k];
        const value = values[from + place];
        block[place] = value * steps[k];
        if (value === 0) continue;
        rows = Math.max(rows, (place >> 3) + 1);
        columns = Math.max(columns, (place & 7) + 1);
      }
      invert(block, half, rows, columns);
      const [right, bottom] = [
        Math.min(width, left + 8),
        Math.min(height, top + 8),
      ];
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const value = Math.floor(
            block[(y - top) * 8 + x - left] + middle + 0.5,
          );
          data[y * width + x] = value < 0 ? 0 : value > most ? most : value;
        }
      }
    }
  }
  return { width, height, data };
}

/**
 * The inverse DCT of a block, in place: columns, then rows.
 *
 * @param rows and `columns` behind which all coefficients are 0.
 */
function invert(
  block: Float64Array,
  half: Float64Array,
  rows: number,
  columns: number,
): void {
  for (let y = 0; y < 8; y++) {
    for (let u = 0; u < columns; u++) {
      let sum = 0;
      for (let v = 0; v < rows; v++) {
        sum += COSINE[y * 8 + v] * block[v * 8 + u];
      }
      half[y * 8 + u] = sum;
    }
  }
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < columns; u++) {
        sum += COSINE[x * 8 + u] * half[y * 8 + u];
      }
      block[y * 8 + x] = sum;
    }
  }
}

/** Brings a plane to full resolution. */
function widen(
  plane: Plane,
  { width, height }: Size,
  horizontal: number,
  vertical: number,
): Uint16Array {
  const columns = places(width, plane.width, horizontal);
  const rows = places(height, plane.height, vertical);
  const out = new Uint16Array(width * height);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const near = rows.near[y] * plane.width;
    const far = rows.far[y] * plane.width;
    for (let x = 0; x < width; x++, to++) {
      const [left, right] = [columns.near[x], columns.far[x]];
      const upper = 3 * plane.data[near + left] + plane.data[near + right];
      const lower = 3 * plane.data[far + left] + plane.data[far + right];
      out[to] = (3 * upper + lower + 8) >> 4;
    }
  }
  return out;
}

/** The sample in which every place lies, and the next one; the same where a sample is repeated. */
function places(length: number, stored: number, factor: number) {
  const near = new Uint32Array(length);
  const far = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    near[i] = Math.min(stored - 1, Math.floor(i / factor));
    const next = near[i] + (i % 2 === 0 ? -1 : 1);
    far[i] = factor === 2 ? Math.min(stored - 1, Math.max(0, next)) : near[i];
  }
  return { near, far };
}
