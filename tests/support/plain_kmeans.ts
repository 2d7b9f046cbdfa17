import { mulberry32 } from "../../lib/numerics/random.ts";

const MAX_ITERATIONS = 300;
/** A later restart replaces the best only when it is better by more than rounding. */
const IMPROVEMENT = 1 - 1e-9;

interface Clustering {
  /** k × dim, row-major, float64: the mean of each cluster. */
  centres: Float64Array;
  /** Cluster of each point. */
  labels: Int32Array;
  /** Sum of squared Euclidean distances of the points to their centre. */
  inertia: number;
}

/**
 * The algorithm of lib/numerics/kmeans.ts without its kernels: k-means: Lloyd's iterations to a fixed point from k-means++ seeds (Arthur & Vassilvitskii 2007),
 * best of several restarts.
 *
 * All restarts draw from one mulberry32 stream: the first centre is point `⌊u · count⌋`, each next one
 * the first point at which the running sum of squared distances to the nearest centre exceeds
 * `u · total`. Ties of distance go to the lower index. An emptied cluster takes the point that lies
 * farthest from its centre.
 *
 * @param points count × dim, row-major, float32.
 * @returns the clustering, or null when there are fewer than `k` distinct points.
 */
export function plainKMeans(
  points: Float32Array,
  dim: number,
  k: number,
  seed: number,
  restarts = 10,
): Clustering | null {
  const random = mulberry32(seed);
  let best: Clustering | null = null;
  for (let restart = 0; restart < restarts; restart++) {
    const centres = plusPlus(points, dim, k, random);
    if (centres === null) return null;
    const found = lloyd(points, dim, k, centres);
    if (best === null || found.inertia < best.inertia * IMPROVEMENT) {
      best = found;
    }
    if (k === 1) break;
  }
  return best;
}

function squaredDistance(
  points: Float32Array,
  at: number,
  centres: Float64Array,
  to: number,
  dim: number,
): number {
  let sum = 0;
  for (let c = 0; c < dim; c++) {
    const d = points[at + c] - centres[to + c];
    sum += d * d;
  }
  return sum;
}

function plusPlus(
  points: Float32Array,
  dim: number,
  k: number,
  random: () => number,
): Float64Array | null {
  const count = points.length / dim;
  const centres = new Float64Array(k * dim);
  const nearest = new Float64Array(count).fill(Infinity);
  let chosen = Math.floor(random() * count);
  for (let j = 0;; j++) {
    for (let c = 0; c < dim; c++) {
      centres[j * dim + c] = points[chosen * dim + c];
    }
    if (j === k - 1) return centres;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const d = squaredDistance(points, i * dim, centres, j * dim, dim);
      if (d < nearest[i]) nearest[i] = d;
      total += nearest[i];
    }
    if (total === 0) return null;
    const target = random() * total;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += nearest[i];
      if (nearest[i] > 0) chosen = i;
      if (sum > target) break;
    }
  }
}

function lloyd(
  points: Float32Array,
  dim: number,
  k: number,
  centres: Float64Array,
): Clustering {
  const count = points.length / dim;
  const labels = new Int32Array(count).fill(-1);
  const distances = new Float64Array(count);
  const sizes = new Int32Array(k);
  for (let iteration = 0;; iteration++) {
    let changed = false;
    let inertia = 0;
    for (let i = 0; i < count; i++) {
      let nearest = 0;
      let distance = Infinity;
      for (let j = 0; j < k; j++) {
        const d = squaredDistance(points, i * dim, centres, j * dim, dim);
        if (d < distance) {
          distance = d;
          nearest = j;
        }
      }
      if (labels[i] !== nearest) {
        labels[i] = nearest;
        changed = true;
      }
      distances[i] = distance;
      inertia += distance;
    }
    if (!changed || iteration === MAX_ITERATIONS) {
      return { centres, labels, inertia };
    }

    sizes.fill(0);
    for (let i = 0; i < count; i++) sizes[labels[i]]++;
    refillEmpty(labels, sizes, distances);
    centres.fill(0);
    for (let i = 0; i < count; i++) {
      const to = labels[i] * dim;
      for (let c = 0; c < dim; c++) centres[to + c] += points[i * dim + c];
    }
    for (let j = 0; j < k; j++) {
      for (let c = 0; c < dim; c++) centres[j * dim + c] /= sizes[j];
    }
  }
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
