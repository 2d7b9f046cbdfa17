import { type Arena, withArena } from "./kernels.ts";
import { meanRow, moveRows } from "./move.ts";
import { mulberry32 } from "./random.ts";

const MAX_ITERATIONS = 300;
/** A later restart replaces the best only when it is better by more than rounding. */
const IMPROVEMENT = 1 - 1e-9;

export interface Clustering {
  /** k × dim, row-major, float64: the mean of each cluster. */
  centres: Float64Array;
  /** Cluster of each point. */
  labels: Int32Array;
  /** Sum of squared Euclidean distances of the points to their centre. */
  inertia: number;
}

/**
 * k-means: Lloyd's iterations to a fixed point from k-means++ seeds (Arthur & Vassilvitskii 2007),
 * best of several restarts.
 *
 * All restarts draw from one mulberry32 stream: the first centre is point `⌊u · count⌋`, each next one
 * the first point at which the running sum of squared distances to the nearest centre exceeds
 * `u · total`. Ties of distance go to the lower index. An emptied cluster takes the point that lies
 * farthest from its centre.
 *
 * Distances are first worked out roughly, in float32; the exact ones, in float64 and summed dimension after dimension,
 * are asked only where rounding leaves a doubt. The answer is that of exact distances throughout, bit for bit.
 *
 * @param points count × dim, row-major, float32.
 * @returns the clustering, or null when there are fewer than `k` distinct points.
 */
export function kMeans(
  points: Float32Array,
  dim: number,
  k: number,
  seed: number,
  restarts = 10,
): Clustering | null {
  const random = mulberry32(seed);
  return withArena((arena) => {
    const problem = enter(arena, points, dim, k);
    let best: Clustering | null = null;
    for (let restart = 0; restart < restarts; restart++) {
      if (!plusPlus(problem, random)) return null;
      const found = lloyd(problem);
      if (best === null || found.inertia < best.inertia * IMPROVEMENT) {
        best = found;
      }
      if (k === 1) break;
    }
    return best;
  });
}

/** Points and the addresses of what the kernels work on; rows are padded with zeros to an even length. */
interface Problem {
  arena: Arena;
  count: number;
  /** Length of a point, and of its row. */
  dim: number;
  width: number;
  k: number;
  /** Panels of eight points; the last one is padded. */
  stride: number;
  rows: number;
  panels: number;
  /** The panels less the mean of the points: the shorter the points, the smaller the rounding. */
  movedPanels: number;
  mean: Float64Array;
  /** Of the centres: float64; float32, rows padded to a multiple of four; their squares. */
  centres: number;
  rounded: number;
  squares: number;
  pointSquares: number;
  rough: number;
  /** How far a rough distance can be from the exact one. */
  error: number;
  labels: number;
  sizes: number;
  dirty: number;
  distances: number;
}

const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;

function enter(
  arena: Arena,
  points: Float32Array,
  dim: number,
  k: number,
): Problem {
  const count = points.length / dim;
  const width = roundUp(dim, 2);
  const stride = roundUp(count, 8);
  const centreRows = roundUp(k, 4);
  const rows = arena.take(4 * stride * width);
  const panels = arena.take(4 * stride * width);
  const movedPanels = arena.take(4 * stride * width);
  const centres = arena.take(8 * k * width);
  const rounded = arena.take(4 * centreRows * width);
  const squares = arena.take(4 * centreRows);
  const pointSquares = arena.take(4 * stride);
  const rough = arena.take(4 * centreRows * stride);
  const labels = arena.take(4 * count);
  const sizes = arena.take(4 * k);
  const dirty = arena.take(k);
  const distances = arena.take(8 * stride);

  const copy = arena.floats(rows, stride * width);
  if (width === dim) copy.set(points);
  else {
    for (let i = 0; i < count; i++) {
      copy.set(points.subarray(i * dim, (i + 1) * dim), i * width);
      copy[i * width + dim] = 0;
    }
  }
  copy.fill(0, count * width);
  arena.floats(rounded, centreRows * width).fill(0);
  arena.kernels.packPanels(rows, stride, width, panels);
  const original = arena.floats(rows, count * width);
  const mean = meanRow(original, count, width);
  const moved = arena.put(moveRows(original, mean), stride * width);
  arena.kernels.packPanels(moved, stride, width, movedPanels);
  arena.kernels.squareRows(moved, stride, width, pointSquares);
  arena.free(moved);
  const largest = arena.floats(pointSquares, count)
    .reduce((most, value) => Math.max(most, value), 0);
  // Of a dot product, and of rounding the points, the centre and the squares; no centre is longer than the longest point.
  const error = (width + 32) * 2 ** -23 * largest;
  return {
    arena,
    count,
    dim,
    width,
    k,
    stride,
    rows,
    panels,
    movedPanels,
    mean,
    centres,
    rounded,
    squares,
    pointSquares,
    rough,
    error,
    labels,
    sizes,
    dirty,
    distances,
  };
}

/** Seeds the centres; false where there are fewer than k distinct points. */
function plusPlus(problem: Problem, random: () => number): boolean {
  const { arena, count, width, k, stride } = problem;
  const rows = arena.floats(problem.rows, count * width);
  const centres = arena.doubles(problem.centres, k * width);
  const distances = arena.doubles(problem.distances, count);
  const nearest = new Float64Array(count).fill(Infinity);
  let chosen = Math.floor(random() * count);
  for (let j = 0;; j++) {
    centres.set(rows.subarray(chosen * width, (chosen + 1) * width), j * width);
    if (j === k - 1) return true;
    arena.kernels.distancesTo(
      problem.panels,
      stride,
      width,
      problem.centres + 8 * j * width,
      problem.distances,
    );
    let total = 0;
    for (let i = 0; i < count; i++) {
      if (distances[i] < nearest[i]) nearest[i] = distances[i];
      total += nearest[i];
    }
    if (total === 0) return false;
    const target = random() * total;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += nearest[i];
      if (nearest[i] > 0) chosen = i;
      if (sum > target) break;
    }
  }
}

function lloyd(problem: Problem): Clustering {
  const { arena, count, dim, width, k } = problem;
  const { kernels } = arena;
  const labels = arena.ints(problem.labels, count).fill(-1);
  const sizes = arena.ints(problem.sizes, k);
  const dirty = arena.bytes(problem.dirty, k);
  for (let iteration = 0;; iteration++) {
    dirty.fill(0);
    const changed = nearestCentres(problem);
    if (!changed || iteration === MAX_ITERATIONS) break;
    sizes.fill(0);
    for (let i = 0; i < count; i++) sizes[labels[i]]++;
    if (sizes.includes(0)) {
      refillEmpty(labels, sizes, ownDistances(problem));
      dirty.fill(1);
    }
    kernels.average(
      problem.rows,
      count,
      width,
      problem.labels,
      problem.sizes,
      k,
      problem.dirty,
      problem.centres,
    );
  }
  const inertia = ownDistances(problem).reduce((sum, d) => sum + d, 0);
  const centres = new Float64Array(k * dim);
  for (let j = 0; j < k; j++) {
    centres.set(
      arena.doubles(problem.centres + 8 * j * width, dim),
      j * dim,
    );
  }
  return { centres, labels: labels.slice(), inertia };
}

/** Labels every point; returns whether a label changed. */
function nearestCentres(problem: Problem): boolean {
  const { arena, count, width, k, stride } = problem;
  const centreRows = roundUp(k, 4);
  arena.floats(problem.rounded, k * width)
    .set(moveRows(arena.doubles(problem.centres, k * width), problem.mean));
  arena.kernels.squareRows(
    problem.rounded,
    centreRows,
    width,
    problem.squares,
  );
  arena.kernels.squaredCosts(
    problem.rounded,
    problem.squares,
    centreRows,
    problem.movedPanels,
    problem.pointSquares,
    stride,
    width,
    problem.rough,
  );
  return Boolean(arena.kernels.label(
    problem.rows,
    count,
    width,
    problem.centres,
    k,
    problem.rough,
    stride,
    problem.error,
    problem.labels,
    problem.dirty,
  ));
}

function ownDistances(problem: Problem): Float64Array {
  const { arena, count } = problem;
  arena.kernels.ownDistances(
    problem.rows,
    count,
    problem.width,
    problem.centres,
    problem.labels,
    problem.distances,
  );
  return arena.doubles(problem.distances, count);
}

function refillEmpty(
  labels: Int32Array,
  sizes: Int32Array,
  distances: Float64Array,
): void {
  for (let j = 0; j < sizes.length; j++) {
    if (sizes[j] > 0) continue;
    let farthest = -1;
    for (let i = 0; i < labels.length; i++) {
      if (sizes[labels[i]] < 2) continue;
      if (farthest < 0 || distances[i] > distances[farthest]) farthest = i;
    }
    sizes[labels[farthest]]--;
    labels[farthest] = j;
    sizes[j] = 1;
    distances[farthest] = 0;
  }
}
