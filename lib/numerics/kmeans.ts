import { type Arena, roundUp, withArena } from "./kernels.ts";
import { centreRows, meanRow, moveRows } from "./move.ts";
import { mulberry32 } from "./random.ts";

const MAX_ITERATIONS = 300;
/** Points from which on their dot products are not kept. */
const MANY = 1024;

/** A later restart replaces the best only when it is better by more than rounding: by this share of it. */
const IMPROVEMENT = 1e-9;

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
 * Distances are first worked out roughly, from the points' dot products, which are shared by all iterations, restarts
 * and counts (or, where those would be too many, from the centres); the exact ones, in float64 and summed dimension after dimension, are asked only where rounding leaves a
 * doubt. The answer is that of exact distances throughout, bit for bit.
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
  return withKMeans(points, dim, (cluster) => cluster(k, seed, restarts));
}

/** Clusters the same points several times, as `kMeans` does. */
export function withKMeans<T>(
  points: Float32Array,
  dim: number,
  work: (
    cluster: (k: number, seed: number, restarts?: number) => Clustering | null,
  ) => T,
): T {
  return withArena((arena) => {
    let known: Points | undefined;
    return work((k, seed, restarts = 10) => {
      if (k === 1) return single(points, dim);
      known ??= enter(arena, points, dim);
      const start = arena.take(0);
      const found = cluster(prepare(known, k), mulberry32(seed), restarts);
      arena.free(start);
      return found;
    });
  });
}

/** One cluster: the mean. */
function single(points: Float32Array, dim: number): Clustering | null {
  const count = points.length / dim;
  if (count === 0) return null;
  const centres = meanRow(points, count, dim);
  let inertia = 0;
  for (let i = 0; i < points.length; i += dim) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += (points[i + d] - centres[d]) ** 2;
    inertia += sum;
  }
  return { centres, labels: new Int32Array(count), inertia };
}

/** Points and the addresses of what the kernels work on; rows are padded with zeros to an even length. */
interface Points {
  arena: Arena;
  count: number;
  /** Length of a point, and of its row. */
  dim: number;
  width: number;
  /** Panels of eight points; the last one is padded. */
  stride: number;
  rows: number;
  panels: number;
  /** The panels less the mean of the points: the shorter the points, the smaller the rounding. */
  movedPanels: number;
  mean: Float64Array;
  /** The dot products of the points less their mean: integers, times `unit`; 0 where there are too many. */
  dots: number;
  unit: number;
  /** Of those points; float32. */
  pointSquares: number;
  /** How far a rough distance can be from the exact one. */
  error: number;
  /** How far the difference of two rough inertias can be from that of the exact ones. */
  gainError: number;
  distances: number;
  /** Exact distances to some of the points. */
  known: Map<number, Float64Array>;
}

/** Points and the state of their clusters. */
interface Problem extends Points {
  k: number;
  /** Of the centres: float64; float32 less the mean, rows padded to a multiple of four; the squares of those. */
  centres: number;
  rounded: number;
  roundedSquares: number;
  /** Of each cluster: the dot products of all pairs of members, summed. */
  squares: number;
  labels: number;
  sizes: number;
  isStale: number;
  rough: number;
}

function enter(arena: Arena, points: Float32Array, dim: number): Points {
  const count = points.length / dim;
  const width = roundUp(dim, 2);
  const stride = roundUp(count, 8);
  const rows = arena.take(4 * stride * width);
  const panels = arena.take(4 * stride * width);
  const movedPanels = arena.take(4 * stride * width);
  const pointSquares = arena.take(4 * stride);
  const distances = arena.take(8 * stride);
  const isMany = count >= MANY;
  const dots = isMany ? 0 : arena.take(4 * (stride + 1) * stride);

  const copy = arena.floats(rows, stride * width);
  if (width === dim) copy.set(points);
  else {
    for (let i = 0; i < count; i++) {
      copy.set(points.subarray(i * dim, (i + 1) * dim), i * width);
      copy[i * width + dim] = 0;
    }
  }
  copy.fill(0, count * width);
  arena.kernels.packPanels(rows, stride, width, panels);
  const moved = arena.take(4 * stride * width);
  arena.floats(moved, stride * width).set(arena.floats(rows, stride * width));
  const mean = centreRows(arena, rows, count, width, [[moved, count]]);
  arena.kernels.packPanels(moved, stride, width, movedPanels);
  arena.kernels.squareRows(moved, stride, width, pointSquares);
  const squares = arena.floats(pointSquares, count);
  const largest = squares.reduce((most, value) => Math.max(most, value), 0);
  const total = squares.reduce((sum, value) => sum + value, 0);
  // A power of two; sums of `count` products stay below 2³¹. Not so large that underflow would count.
  const scale = 2 **
    Math.min(100, Math.floor(Math.log2(2 ** 30 / (largest * count))));
  if (!isMany) {
    arena.kernels.gram(moved, movedPanels, stride, width, scale, dots);
  }
  arena.free(moved);
  // Three dot products, each of rounded points, rounded itself and made an integer, and the arithmetic on them. No
  // centre is longer than the longest point.
  const error = (3 * width + 128) * 2 ** -24 * largest + 4 / scale;
  // An inertia is the points' squares, which all have in common, less a share 1 / size of the dot products of all pairs
  // in each cluster; the sum of |a| |b| / size over those pairs is at most that of |a|² over the points.
  const gainError = 2 * (width + 16) * 2 ** -24 * total + count / scale;
  return {
    arena,
    count,
    dim,
    width,
    stride,
    rows,
    panels,
    movedPanels,
    mean,
    dots,
    unit: 1 / scale,
    pointSquares,
    error,
    gainError,
    distances,
    known: new Map(),
  };
}

function prepare(points: Points, k: number): Problem {
  const { arena, count, width, stride, rows, dots, unit, error } = points;
  const centreRows = roundUp(k, 4);
  const centres = arena.take(8 * k * width);
  const rounded = arena.take(4 * centreRows * width);
  const roundedSquares = arena.take(4 * centreRows);
  const sums = arena.take(4 * k * stride);
  const squares = arena.take(8 * k);
  const sizes = arena.take(4 * k);
  const labels = arena.take(4 * stride);
  const fresh = arena.take(4 * stride);
  const isStale = arena.take(k);
  const rough = arena.take(4 * centreRows * stride);
  arena.floats(rounded, centreRows * width).fill(0);
  arena.kernels.clusters(
    rows,
    count,
    stride,
    width,
    k,
    dots,
    unit,
    error,
    sums,
    squares,
    sizes,
    labels,
    fresh,
    centres,
    isStale,
    rough,
  );
  return {
    ...points,
    k,
    centres,
    rounded,
    roundedSquares,
    squares,
    labels,
    sizes,
    isStale,
    rough,
  };
}

function cluster(
  problem: Problem,
  random: () => number,
  restarts: number,
): Clustering | null {
  let best: Found | null = null;
  for (let restart = 0; restart < restarts; restart++) {
    if (!plusPlus(problem, random)) return null;
    const found = lloyd(problem);
    if (best === null) best = found;
    else if (isBetter(problem, found, best)) best = found;
  }
  return best && measure(problem, best);
}

function isBetter(problem: Problem, found: Found, best: Found): boolean {
  // Rough inertias decide where they are clear; that is never within IMPROVEMENT, which is far below their error.
  const gain = best.rough - found.rough;
  if (Math.abs(gain) > problem.gainError) return gain > 0;
  const isSame = found.isConverged && best.isConverged &&
    isSamePartition(best.labels, found.labels, problem.k);
  return !isSame &&
    measure(problem, found).inertia <
      measure(problem, best).inertia * (1 - IMPROVEMENT);
}

/** Seeds the clusters; false where there are fewer than k distinct points. */
function plusPlus(problem: Problem, random: () => number): boolean {
  const { arena, count, k } = problem;
  const { kernels } = arena;
  const seeds = [Math.floor(random() * count)];
  kernels.seedCluster(0, seeds[0]);
  const rough = problem.dots > 0 ? new RoughSeeds(problem) : null;
  while (seeds.length < k) {
    const u = random();
    rough?.add(seeds[seeds.length - 1]);
    const next = rough?.pick(u) ?? pick(problem, seeds, u);
    if (next < 0) return false;
    kernels.seedCluster(seeds.length, next);
    seeds.push(next);
  }
  return true;
}

/** The seed that `u` draws by exact distances to the nearest of those before, or −1 where all of them are 0. */
function pick(problem: Problem, seeds: number[], u: number): number {
  const { count } = problem;
  const rows = seeds.map((seed, j) => distancesToSeed(problem, seed, j));
  const nearest = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    nearest[i] = rows.reduce((least, row) => Math.min(least, row[i]), Infinity);
    total += nearest[i];
  }
  if (total === 0) return -1;
  const target = u * total;
  let sum = 0;
  let chosen = -1;
  for (let i = 0; i < count; i++) {
    sum += nearest[i];
    if (nearest[i] > 0) chosen = i;
    if (sum > target) break;
  }
  return chosen;
}

/** Exact distances of all points to a seed, the centre of cluster j. */
function distancesToSeed(
  problem: Problem,
  seed: number,
  j: number,
): Float64Array {
  const { arena, count, width, stride, known } = problem;
  let found = known.get(seed);
  if (found === undefined) {
    arena.kernels.distancesTo(
      problem.panels,
      stride,
      width,
      problem.centres + 8 * j * width,
      problem.distances,
    );
    found = arena.doubles(problem.distances, count).slice();
    known.set(seed, found);
  }
  return found;
}

/** Draws seeds by rough distances, as far as their rounding leaves no doubt about the draw. */
class RoughSeeds {
  readonly #problem: Problem;
  readonly #dots: Int32Array;
  readonly #squares: Float32Array;
  readonly #nearest: Float64Array;
  /** Square of the longest seed. */
  #longest = 0;

  constructor(problem: Problem) {
    const { arena, count, stride, dots, pointSquares } = problem;
    this.#problem = problem;
    this.#dots = arena.ints(dots, stride * stride);
    this.#squares = arena.floats(pointSquares, count);
    this.#nearest = new Float64Array(count).fill(Infinity);
  }

  add(seed: number): void {
    const { stride, unit } = this.#problem;
    const nearest = this.#nearest;
    const squares = this.#squares;
    const row = seed * stride;
    const square = squares[seed];
    this.#longest = Math.max(this.#longest, square);
    for (let i = 0; i < nearest.length; i++) {
      const distance = squares[i] + square - 2 * unit * this.#dots[row + i];
      if (distance < nearest[i]) nearest[i] = distance;
    }
  }

  /** As `pick`, or null. */
  pick(u: number): number | null {
    const { width, unit } = this.#problem;
    const nearest = this.#nearest;
    // Of a distance: its squares and twice the dot product, which is no more than their sum.
    const share = (2 * width + 80) * 2 ** -24;
    const fixed = 2 * unit + share * this.#longest;
    let total = 0;
    let doubt = 0;
    for (let i = 0; i < nearest.length; i++) {
      total += nearest[i];
      doubt += fixed + share * this.#squares[i];
    }
    const low = u * (total - doubt);
    const high = u * (total + doubt);
    let sum = 0;
    doubt = 0;
    for (let i = 0; i < nearest.length; i++) {
      sum += nearest[i];
      doubt += fixed + share * this.#squares[i];
      if (sum + doubt > low) return sum - doubt > high ? i : null;
    }
    return null;
  }
}

/** Where a restart ends. */
interface Found {
  labels: Int32Array;
  /** Its inertia, less a constant, off by at most half of `gainError`; NaN where it is not known. */
  rough: number;
  /** Whether no label changes any more: its centres follow from its labels. */
  isConverged: boolean;
  /** Worked out when asked for. */
  exact?: Clustering;
}

function lloyd(problem: Problem): Found {
  const { arena, count, k, unit, dots } = problem;
  const { kernels } = arena;
  const labels = arena.ints(problem.labels, count);
  const sizes = arena.ints(problem.sizes, k);
  for (let iteration = 0;; iteration++) {
    const isLast = iteration === MAX_ITERATIONS;
    if (isLast || dots === 0) kernels.averageStale();
    if (dots === 0) roughFromCentres(problem);
    else kernels.roughFromSums();
    const changed = kernels.relabel() > 0;
    if (isLast && changed) {
      // The centres are those of the labels before.
      const exact = read(problem);
      return { labels: exact.labels, rough: NaN, isConverged: false, exact };
    }
    if (!changed) break;
    if (sizes.includes(0)) {
      refillEmpty(labels, sizes, ownDistances(problem));
      kernels.gather();
    }
  }
  if (dots === 0) {
    return { labels: labels.slice(), rough: NaN, isConverged: true };
  }
  const squares = arena.doubles(problem.squares, k);
  let rough = 0;
  for (let j = 0; j < k; j++) rough -= unit * squares[j] / sizes[j];
  return { labels: labels.slice(), rough, isConverged: true };
}

function roughFromCentres(problem: Problem): void {
  const { arena, width, k, stride } = problem;
  const centreRows = roundUp(k, 4);
  arena.floats(problem.rounded, k * width)
    .set(moveRows(arena.doubles(problem.centres, k * width), problem.mean));
  arena.kernels.squareRows(
    problem.rounded,
    centreRows,
    width,
    problem.roundedSquares,
  );
  arena.kernels.squaredCosts(
    problem.rounded,
    problem.roundedSquares,
    centreRows,
    problem.movedPanels,
    problem.pointSquares,
    stride,
    width,
    problem.rough,
  );
}

function isSamePartition(a: Int32Array, b: Int32Array, k: number): boolean {
  const partner = new Int32Array(k).fill(-1);
  return a.every((label, i) => {
    if (partner[label] < 0) partner[label] = b[i];
    return partner[label] === b[i];
  });
}

/** The exact centres and inertia. */
function measure(problem: Problem, found: Found): Clustering {
  if (found.exact === undefined) {
    const { arena, count, k } = problem;
    arena.ints(problem.labels, count).set(found.labels);
    arena.bytes(problem.isStale, k).fill(1);
    arena.kernels.averageStale();
    found.exact = read(problem);
  }
  return found.exact;
}

function read(problem: Problem): Clustering {
  const { arena, count, dim, width, k } = problem;
  const inertia = ownDistances(problem).reduce((sum, d) => sum + d, 0);
  const centres = new Float64Array(k * dim);
  for (let j = 0; j < k; j++) {
    centres.set(
      arena.doubles(problem.centres + 8 * j * width, dim),
      j * dim,
    );
  }
  return {
    centres,
    labels: arena.ints(problem.labels, count).slice(),
    inertia,
  };
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
