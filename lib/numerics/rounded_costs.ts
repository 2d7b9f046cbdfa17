import { type Arena, roundUp } from "./kernels.ts";

/** The costs between all rows of two point sets, sources and targets, rounded to float32, in an arena. */
export interface RoundedCosts {
  /** Sources, one a row. */
  n: number;
  /** Targets, one a column. */
  m: number;
  /** Columns of a row in memory; those beyond m cost +∞. */
  stride: number;
  dim: number;
  /** The targets, m × dim. */
  b: Float32Array;
  /** Of the sources, in each dimension. */
  mean: Float64Array;
  /** Addresses: n × stride costs, n × dim sources. */
  cost: number;
  sources: number;
  /** How far a rounded cost can be from the exact one. */
  error: number;
}

/**
 * Squared Euclidean costs of all pairs of rows in float32, as |a|² + |b|² − 2 a·b.
 *
 * @param a n × dim, row-major.
 * @param b m × dim, row-major.
 */
export function roundedCosts(
  arena: Arena,
  a: Float32Array,
  n: number,
  b: Float32Array,
  m: number,
  dim: number,
): RoundedCosts {
  const stride = roundUp(m, 32);
  const rows = roundUp(n, 4);
  const { kernels } = arena;
  const sources = arena.put(a, rows * dim);
  const cost = arena.take(4 * rows * stride);
  const squaresA = arena.take(4 * rows);
  const squaresB = arena.take(4 * stride);
  // Moved to the sources' mean: the shorter the points, the smaller the rounding.
  const moved = arena.put(a, rows * dim);
  const targets = arena.put(b, stride * dim);
  const panels = arena.take(4 * stride * dim);
  const origin = arena.take(8 * dim);
  kernels.sumRows(moved, n, dim, origin);
  const mean = arena.doubles(origin, dim).map((sum) => sum / n);
  arena.doubles(origin, dim).set(mean);
  kernels.moveRows(moved, n, dim, origin);
  kernels.moveRows(targets, m, dim, origin);
  kernels.squareRows(moved, rows, dim, squaresA);
  kernels.squareRows(targets, m, dim, squaresB);
  const normsA = arena.floats(squaresA, n);
  const normsB = arena.floats(squaresB, stride);
  normsB.fill(Infinity, m);
  // A dot product is summed in dim steps, each within 2^-24 of its result; the rest is the rounding of the points,
  // the products and the norms.
  const error = (dim + 16) * 2 ** -24 *
    (largest(normsA) + largest(normsB.subarray(0, m)));
  kernels.packPanels(targets, stride, dim, panels);
  kernels.squaredCosts(
    moved,
    squaresA,
    rows,
    panels,
    squaresB,
    stride,
    dim,
    cost,
  );
  arena.free(squaresA);
  return { n, m, stride, dim, b, mean, cost, sources, error };
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/**
 * The costs of some columns alone.
 *
 * @returns the address of n × stride, +∞ beyond the last column.
 */
export function gatherCosts(
  arena: Arena,
  costs: RoundedCosts,
  columns: Int32Array,
): { cost: number; stride: number } {
  const stride = roundUp(columns.length, 32);
  const cost = arena.take(4 * costs.n * stride);
  const from = arena.floats(costs.cost, costs.n * costs.stride);
  const to = arena.floats(cost, costs.n * stride);
  for (let i = 0; i < costs.n; i++) {
    const row = i * stride;
    const source = i * costs.stride;
    for (let j = 0; j < columns.length; j++) {
      to[row + j] = from[source + columns[j]];
    }
    to.fill(Infinity, row + columns.length, row + stride);
  }
  return { cost, stride };
}
