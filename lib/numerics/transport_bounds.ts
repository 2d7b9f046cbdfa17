import type { Arena } from "./kernels.ts";
import { gatherCosts, type RoundedCosts } from "./rounded_costs.ts";

/**
 * A lower bound on the distance between all rows of `a` and each set of columns: u, whatever it is, and its
 * c-transform v are feasible potentials, so that W ≥ mean(u) + mean(v) over the set. `v` is computed once for all
 * columns, from the rounded costs; the bound is lowered by all that rounding can have added.
 *
 * @param u potentials of the sources; those of a set that was solved give the best bounds.
 * @param sets column indices, each set of at least one.
 */
export function lowerBounds(
  arena: Arena,
  { n, stride, cost, error }: RoundedCosts,
  u: Float64Array,
  sets: Int32Array[],
): number[] {
  const start = arena.take(0);
  const sources = arena.put(Float32Array.from(u), n);
  const out = arena.take(4 * stride);
  const nearest = arena.take(4 * stride);
  arena.kernels.nearestSources(cost, n, stride, sources, out, nearest);
  const used = arena.floats(sources, n);
  const v = arena.floats(out, stride);
  const sum = (values: Float32Array) =>
    values.reduce((s, value) => s + value, 0);
  const mean = sum(used) / n;
  const bounds = sets.map((columns) => {
    let total = 0;
    let largest = 0;
    for (const j of columns) {
      total += v[j];
      largest = Math.max(largest, Math.abs(v[j]));
    }
    const rounding = 2 ** -22 * (largest + Math.abs(mean)) + error;
    return mean + total / columns.length - rounding;
  });
  arena.free(start);
  return bounds;
}

/** Most steps that `raisedBound` takes. */
const STEPS = 24;

/**
 * A lower bound on the distance between all rows of `a` and a set of columns, raised until it is above `wanted`, or the
 * highest that a few steps reach: supergradient ascent of the dual (Polyak 1969). A source that too few columns choose
 * gets a higher potential, one that too many choose a lower one; whatever the potentials, the bound holds.
 *
 * @param u potentials of the sources to start from.
 */
export function raisedBound(
  arena: Arena,
  costs: RoundedCosts,
  u: Float64Array,
  columns: Int32Array,
  wanted: number,
): number {
  const { n, error } = costs;
  const m = columns.length;
  const start = arena.take(0);
  const { cost, stride } = gatherCosts(arena, costs, columns);
  const at = arena.put(Float32Array.from(u), n);
  const out = arena.take(4 * stride);
  const chosen = arena.take(4 * stride);
  const potentials = arena.floats(at, n);
  const v = arena.floats(out, m);
  const source = arena.ints(chosen, m);
  const load = new Int32Array(n);
  let highest = -Infinity;
  for (let step = 0; step < STEPS; step++) {
    arena.kernels.nearestSources(cost, n, stride, at, out, chosen);
    load.fill(0);
    let largest = 0;
    let total = 0;
    for (let j = 0; j < m; j++) {
      load[source[j]]++;
      total += v[j];
      largest = Math.max(largest, Math.abs(v[j]));
    }
    let mean = 0;
    let norm = 0;
    for (let i = 0; i < n; i++) {
      mean += potentials[i] / n;
      largest = Math.max(largest, Math.abs(potentials[i]));
      norm += (1 / n - load[i] / m) ** 2;
    }
    const bound = mean + total / m - 2 ** -21 * largest - error;
    highest = Math.max(highest, bound);
    if (highest > wanted || norm === 0) break;
    const length = (wanted - bound + 0.02 * Math.abs(wanted)) / norm;
    for (let i = 0; i < n; i++) {
      potentials[i] += length * (1 / n - load[i] / m);
    }
  }
  arena.free(start);
  return highest;
}

/**
 * A lower bound on the same distance: the squared distance of the means (Jensen), lowered by what rounding can have
 * added.
 */
export function meanBound(
  { mean, b, dim, error }: RoundedCosts,
  columns: Int32Array,
): number {
  const other = new Float64Array(dim);
  for (const j of columns) {
    for (let d = 0, at = j * dim; d < dim; d++, at++) other[d] += b[at];
  }
  let bound = 0;
  let squares = 0;
  for (let d = 0; d < dim; d++) {
    other[d] /= columns.length;
    bound += (mean[d] - other[d]) ** 2;
    squares += mean[d] ** 2 + other[d] ** 2;
  }
  return bound - error - 2 ** -38 * squares;
}
