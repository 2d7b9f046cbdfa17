/**
 * Exact earth mover's distance between two weighted point sets, from their cost matrix: the oracle of
 * lib/numerics/transport.ts, which it shares nothing with.
 *
 * The distance W is the optimum of the balanced transportation problem
 *
 *     W = min  Σ_ij cost[i,j] · mass[i,j]
 *         s.t. Σ_j mass[i,j] = a[i],   Σ_i mass[i,j] = b[j],   mass ≥ 0
 *       = max  Σ_i a[i] · u[i] + Σ_j b[j] · v[j]
 *         s.t. u[i] + v[j] ≤ cost[i,j]
 *
 * for weights `a` (n) and `b` (m) that each sum to 1. No root is taken: with squared Euclidean costs
 * W is the *squared* 2-Wasserstein distance, in squared units of the points.
 *
 * Source: Peyré & Cuturi, *Computational Optimal Transport* (2019), section 3; solver and references
 * in `network_simplex.ts`.
 */

import { solveTransport } from "./network_simplex.ts";

/** Weights of the two sets; see {@link earthMoversDistance}. */
export interface EarthMoversOptions {
  /** Length n, finite, ≥ 0, some of them > 0; need not sum to 1. Default: all equal. */
  sourceWeights?: Float64Array;
  /** Length m, as above. */
  targetWeights?: Float64Array;
}

/** An optimal transport plan and its certificate. */
export interface EarthMoversResult {
  /** W, in units of the cost. */
  distance: number;
  /** u, length n, in units of the cost, finite at every point, weight or no weight. */
  sourcePotentials: Float64Array;
  /** v, length m, likewise: `u[i] + v[j] ≤ cost[i,j]` up to rounding, and equal where mass flows. */
  targetPotentials: Float64Array;
  /** The arcs that carry mass, at most n + m − 1 of them, by source and then by target. */
  flow: {
    source: Int32Array;
    target: Int32Array;
    /** Share of the total mass of 1, > 0. */
    mass: Float64Array;
  };
  /** Simplex pivots made. */
  pivots: number;
}

/** Units that weights are rounded to: a mass of 1 is this many. A power of two, so masses are exact. */
const WEIGHT_UNITS = 2 ** 50;

/** Rows of `b` held in float64 at a time: at 256 dimensions 32 KiB, about one first-level cache. */
const PANEL = 16;

/**
 * All squared Euclidean distances between the rows of two matrices.
 *
 * Summed as squares of differences in float64, dimension after dimension, so equal rows give exactly
 * 0, nothing is negative, there is no cancellation, and swapping `a` and `b` transposes the result
 * bit for bit.
 *
 * @param a n×dim row-major
 * @param b m×dim row-major
 * @returns n×m row-major, in squared units of the input
 */
export function squaredEuclideanCost(
  a: Float32Array,
  n: number,
  b: Float32Array,
  m: number,
  dim: number,
): Float64Array {
  const cost = new Float64Array(n * m);
  const panel = new Float64Array(PANEL * dim);
  const pair = new Float64Array(2 * dim);
  for (let first = 0; first < m; first += PANEL) {
    const size = Math.min(PANEL, m - first);
    // A panel beyond the last row keeps stale values there: computed along, never stored.
    panel.set(b.subarray(first * dim, (first + size) * dim));
    for (let i = 0; i < n; i += 2) {
      // Tiles of 2 × 4: eight sums stay in registers, each load is used two to four times.
      const second = i + 1 < n;
      pair.set(a.subarray(i * dim, (second ? i + 2 : i + 1) * dim));
      for (let j = 0; j < size; j += 4) {
        const p0 = j * dim, p1 = p0 + dim, p2 = p1 + dim, p3 = p2 + dim;
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        let t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        for (let d = 0; d < dim; d++) {
          const x = pair[d], y = pair[dim + d];
          const b0 = panel[p0 + d],
            b1 = panel[p1 + d],
            b2 = panel[p2 + d],
            b3 = panel[p3 + d];
          let e = x - b0;
          s0 += e * e;
          e = x - b1;
          s1 += e * e;
          e = x - b2;
          s2 += e * e;
          e = x - b3;
          s3 += e * e;
          e = y - b0;
          t0 += e * e;
          e = y - b1;
          t1 += e * e;
          e = y - b2;
          t2 += e * e;
          e = y - b3;
          t3 += e * e;
        }
        const columns = Math.min(4, size - j);
        const row = i * m + first + j;
        cost[row] = s0;
        if (columns > 1) cost[row + 1] = s1;
        if (columns > 2) cost[row + 2] = s2;
        if (columns > 3) cost[row + 3] = s3;
        if (!second) continue;
        cost[row + m] = t0;
        if (columns > 1) cost[row + m + 1] = t1;
        if (columns > 2) cost[row + m + 2] = t2;
        if (columns > 3) cost[row + m + 3] = t3;
      }
    }
  }
  return cost;
}

/**
 * Solve the problem at the top of this file exactly, for a dense cost matrix.
 *
 * Masses are counted in integer units. Equal weights (the default) need no rounding: source i has
 * m/g units and target j n/g, where g = gcd(n, m). Other weights are normalised and rounded to
 * multiples of 2^−50, both sides to the same total, so sums that differ by rounding do no harm; what
 * rounds to 0 counts as 0. Points of weight 0 are left out of the problem, and their potentials come
 * from the c-transform, v[j] = min_i cost[i,j] − u[i], the largest that stay dual feasible.
 *
 * Exactness: the plan is optimal up to 1e-13 of the largest potential. Potentials are only defined
 * up to one constant (u + k, v − k) and, where the optimum is degenerate, not even so.
 *
 * Requires: n, m ≥ 1, `cost` finite (either sign) of length n·m, weights as in
 * {@link EarthMoversOptions}. The caller checks; here nothing is checked.
 *
 * @param cost n×m row-major; read only
 *
 * @example
 * ```ts
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * // Two points on a line, at 0 and 1, against three, at 0, 1 and 3.
 * const a = Float32Array.of(0, 1);
 * const b = Float32Array.of(0, 1, 3);
 * const cost = squaredEuclideanCost(a, 2, b, 3, 1);
 * const { distance, flow } = earthMoversDistance(cost, 2, 3);
 * equal(distance, 1.5);
 * deepEqual(flow.source, Int32Array.of(0, 0, 1, 1));
 * deepEqual(flow.target, Int32Array.of(0, 1, 1, 2));
 * ```
 */
export function earthMoversDistance(
  cost: Float64Array,
  n: number,
  m: number,
  options: EarthMoversOptions = {},
): EarthMoversResult {
  const { sourceWeights, targetWeights } = options;

  // Weights to integer units.
  let total: number;
  let supply: Float64Array;
  let demand: Float64Array;
  if (isUniform(sourceWeights) && isUniform(targetWeights)) {
    const divisor = greatestCommonDivisor(n, m);
    total = (n / divisor) * m;
    supply = new Float64Array(n).fill(m / divisor);
    demand = new Float64Array(m).fill(n / divisor);
  } else {
    total = WEIGHT_UNITS;
    supply = toUnits(sourceWeights ?? new Float64Array(n).fill(1), total);
    demand = toUnits(targetWeights ?? new Float64Array(m).fill(1), total);
  }

  const basis = solveTransport(cost, n, m, supply, demand);

  // The arcs with flow, in row-major order, and what they cost.
  const carrying: number[] = [];
  basis.flow.forEach((units, x) =>
    units > 0 && basis.parent[x] >= 0 && carrying.push(x)
  );
  const sourceOf = (x: number) => x < n ? x : basis.parent[x];
  const targetOf = (x: number) => (x < n ? basis.parent[x] : x) - n;
  carrying.sort((x, y) =>
    sourceOf(x) - sourceOf(y) || targetOf(x) - targetOf(y)
  );
  const flow = {
    source: Int32Array.from(carrying, sourceOf),
    target: Int32Array.from(carrying, targetOf),
    mass: Float64Array.from(carrying, (x) => basis.flow[x] / total),
  };
  let distance = 0;
  carrying.forEach((x, k) =>
    distance += basis.flow[x] * cost[flow.source[k] * m + flow.target[k]]
  );
  distance /= total;

  // Duals: u = −potential of the source, v = potential of the target; c-transforms for the rest.
  const sourcePotentials = basis.potential.slice(0, n).map((p) => 0 - p);
  const targetPotentials = basis.potential.slice(n);
  for (let i = 0; i < n; i++) {
    if (supply[i] > 0) continue;
    let least = Infinity;
    for (let j = 0; j < m; j++) {
      // Targets left out still stand at −∞ and take no part in this minimum.
      const u = cost[i * m + j] - targetPotentials[j];
      if (u < least) least = u;
    }
    sourcePotentials[i] = least;
  }
  for (let j = 0; j < m; j++) {
    if (demand[j] > 0) continue;
    let least = Infinity;
    for (let i = 0; i < n; i++) {
      const v = cost[i * m + j] - sourcePotentials[i];
      if (v < least) least = v;
    }
    targetPotentials[j] = least;
  }
  return {
    distance,
    sourcePotentials,
    targetPotentials,
    flow,
    pivots: basis.pivots,
  };
}

function isUniform(weights: Float64Array | undefined): boolean {
  return weights === undefined || weights.every((w) => w === weights[0]);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** Round weights to integers that sum to `total` exactly, by rounding their running sum. */
function toUnits(weights: Float64Array, total: number): Float64Array {
  const sums = weights.slice();
  for (let i = 1; i < sums.length; i++) sums[i] += sums[i - 1];
  const sum = sums[sums.length - 1];
  let before = 0;
  return sums.map((running) => {
    const upTo = Math.round((running / sum) * total);
    const units = upTo - before;
    before = upTo;
    return units;
  });
}
