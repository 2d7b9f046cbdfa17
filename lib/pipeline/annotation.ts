import { EdgeError } from "../core/errors.ts";
import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { sampleAntialiased } from "../numerics/resize.ts";
import { maskInModelSpace } from "./preprocess.ts";
import type { Mask } from "../core/mask.ts";
import type { ModelGeometry } from "./types.ts";
import { scaledSize, type Size } from "../core/geometry.ts";

/** Patch indices (`y · g + x`, ascending) inside and outside an annotation. */
export interface PatchSplit {
  foreground: Int32Array;
  background: Int32Array;
}

/**
 * Which patches an annotation covers (paper, section 3.1): the mask is resized like the image, padded with zeros,
 * recentred about the middle of its own minimum and maximum, and resized to the grid; foreground is > 0. The padding
 * counts as background.
 */
export function splitPatches(mask: Mask, model: ModelGeometry): PatchSplit {
  const { size, grid } = model;
  const onGrid = sampleOnGrid(mask, model) ??
    wholeOnGrid(maskInModelSpace(mask, size), model);
  const { values, middle } = onGrid;
  const foreground: number[] = [];
  const background: number[] = [];
  for (let patch = 0; patch < grid * grid; patch++) {
    (values[patch]! > middle ? foreground : background).push(patch);
  }
  return {
    foreground: Int32Array.from(foreground),
    background: Int32Array.from(background),
  };
}

/** The mask on the grid, g × g, and the middle of its minimum and maximum in model space. */
interface OnGrid {
  values: Float64Array;
  middle: number;
}

function wholeOnGrid(
  padded: Uint8Array,
  { size, grid }: ModelGeometry,
): OnGrid {
  let low = 255;
  let high = 0;
  for (const value of padded) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const axis = bilinearAxis(size, grid);
  const values = resizeBilinear(padded, size, axis, axis);
  return { values, middle: (low + high) / 2 };
}

/**
 * The same from only those pixels that the grid depends on; null where they do not hold both 0 and 255 and so cannot
 * give the minimum and the maximum.
 */
function sampleOnGrid(
  mask: Mask,
  { size, grid }: ModelGeometry,
): OnGrid | null {
  const axis = bilinearAxis(size, grid);
  const used = Int32Array.from(new Set([...axis.low, ...axis.high])).sort();
  const place = new Int32Array(size);
  used.forEach((at, i) => place[at] = i);
  const scaled = scaledSize(mask, size);
  const rows = used.filter((y) => y < scaled.height);
  const columns = used.filter((x) => x < scaled.width);
  const sampled = sampleAntialiased(
    mask.data,
    mask.width,
    mask.height,
    scaled.width,
    scaled.height,
    rows,
    columns,
  );
  if (!sampled.includes(255)) return null;
  const isPadded = scaled.width < size || scaled.height < size;
  if (!isPadded && !sampled.includes(0)) return null;
  const padded = new Uint8Array(used.length ** 2);
  for (let i = 0; i < rows.length; i++) {
    const row = sampled.subarray(i * columns.length, (i + 1) * columns.length);
    padded.set(row, i * used.length);
  }
  const among = {
    low: axis.low.map((at) => place[at]!),
    high: axis.high.map((at) => place[at]!),
    weight: axis.weight,
  };
  const values = resizeBilinear(padded, used.length, among, among);
  return { values, middle: 255 / 2 };
}

/**
 * @throws EdgeError `invalid-input` when a mask is not of its image's size.
 */
export function requireSameSize(mask: Size, image: Size): void {
  if (mask.width === image.width && mask.height === image.height) return;
  throw new EdgeError(
    "invalid-input",
    `The mask is ${mask.width}×${mask.height} pixels, the image ${image.width}×${image.height}; ` +
      "send a mask of the image's size.",
  );
}
