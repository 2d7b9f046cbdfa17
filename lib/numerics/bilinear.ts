/**
 * One axis of a bilinear resize with half-pixel centres and no antialiasing: output sample `i` is
 * `(1 - weight[i]) * in[low[i]] + weight[i] * in[high[i]]`. Samples beyond the outer centres repeat
 * the outermost value (PyTorch `interpolate(mode="bilinear", align_corners=False)`).
 */
export interface Axis {
  low: Int32Array;
  high: Int32Array;
  weight: Float64Array;
}

/** The axis that resizes `from` samples to `to` samples. */
export function bilinearAxis(from: number, to: number): Axis {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float64Array(to);
  const scale = from / to;
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, (i + 0.5) * scale - 0.5);
    const floor = Math.min(Math.trunc(at), from - 1);
    low[i] = floor;
    high[i] = Math.min(floor + 1, from - 1);
    weight[i] = at - floor;
  }
  return { low, high, weight };
}

/** The first `length` samples of an axis: the resized picture cropped at the bottom or right. */
export function cutAxis(axis: Axis, length: number): Axis {
  return {
    low: axis.low.subarray(0, length),
    high: axis.high.subarray(0, length),
    weight: axis.weight.subarray(0, length),
  };
}

/** A map's values, row-major. */
export type MapData = Float64Array | Float32Array | Uint8Array;

/**
 * One sample, (x, y) of the output, of a map of `width` columns.
 *
 * @param x0, y0 column and row of the input at which `map` starts, where it is only a part of the input.
 */
export function sampleBilinear(
  map: MapData,
  width: number,
  vertical: Axis,
  horizontal: Axis,
  x: number,
  y: number,
  x0 = 0,
  y0 = 0,
): number {
  const top = (vertical.low[y] - y0) * width - x0;
  const bottom = (vertical.high[y] - y0) * width - x0;
  const v = vertical.weight[y];
  const left = horizontal.low[x];
  const right = horizontal.high[x];
  const h = horizontal.weight[x];
  const upper = (1 - h) * map[top + left] + h * map[top + right];
  const lower = (1 - h) * map[bottom + left] + h * map[bottom + right];
  return (1 - v) * upper + v * lower;
}

/**
 * Resizes a map along both axes.
 *
 * @param map rows × `width`, row-major.
 * @param width number of columns of `map`.
 * @param vertical axis over the rows; its length is the output height.
 * @param horizontal axis over the columns; its length is the output width.
 * @returns output height × output width, row-major, float64.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * const map = Float64Array.of(0, 1, 4, 5); // 2 rows, 2 columns
 * const resized = resizeBilinear(map, 2, bilinearAxis(2, 1), bilinearAxis(2, 4));
 * deepEqual(resized, Float64Array.of(2, 2.25, 2.75, 3));
 * ```
 */
export function resizeBilinear(
  map: MapData,
  width: number,
  vertical: Axis,
  horizontal: Axis,
): Float64Array {
  const toHeight = vertical.low.length;
  const toWidth = horizontal.low.length;
  const out = new Float64Array(toHeight * toWidth);
  for (let y = 0, at = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++, at++) {
      out[at] = sampleBilinear(map, width, vertical, horizontal, x, y);
    }
  }
  return out;
}
