import type { Arena } from "./kernels.ts";

/** The mean of rows, float64. */
export function meanRow(
  points: Float32Array,
  count: number,
  dim: number,
): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = 0, at = 0; i < count; i++) {
    for (let d = 0; d < dim; d++, at++) mean[d] += points[at];
  }
  return mean.map((sum) => sum / count);
}

/** Rows less an origin, rounded to float32. */
export function moveRows(
  points: Float32Array | Float64Array,
  origin: Float64Array,
): Float32Array {
  const dim = origin.length;
  const out = new Float32Array(points.length);
  for (let at = 0; at < points.length;) {
    for (let d = 0; d < dim; d++, at++) out[at] = points[at] - origin[d];
  }
  return out;
}

/**
 * Takes the mean of some rows off other rows, which lie in an arena too, in their place.
 *
 * @param rows address of count × dim, float32.
 * @param moved addresses, and how many rows lie there.
 * @returns the mean, which is `meanRow`'s.
 */
export function centreRows(
  arena: Arena,
  rows: number,
  count: number,
  dim: number,
  moved: [address: number, count: number][],
): Float64Array {
  const origin = arena.take(8 * dim);
  arena.kernels.sumRows(rows, count, dim, origin);
  const mean = arena.doubles(origin, dim).map((sum) => sum / count);
  arena.doubles(origin, dim).set(mean);
  for (const [address, many] of moved) {
    arena.kernels.moveRows(address, many, dim, origin);
  }
  arena.free(origin);
  return mean;
}
