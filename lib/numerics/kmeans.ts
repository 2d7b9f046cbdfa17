/**
 * k-means clustering, best of several restarts.
 *
 * Problem, for points x (count × dim):
 *
 *     minimise  inertia = Σ_i |x[i] − centre[label[i]]|²   over k centres and all labels
 *
 * Method: Lloyd's iterations to a fixed point from k-means++ seeds (Arthur & Vassilvitskii 2007). All restarts draw
 * from one mulberry32 stream, so that every language can repeat them. The first seed is point `⌊u · count⌋`; each next
 * one is the first point at which the running sum of squared distances to the nearest seed exceeds `u · total`. Ties
 * of distance go to the lower index. An emptied cluster takes the point that lies farthest from its centre.
 *
 * Invariant between two steps: row j of `distances` holds the squared distances of all points to centre j, in float64,
 * each summed dimension after dimension. A centre that keeps its members keeps its row, so that only the rows of
 * clusters that changed are computed again.
 *
 * This is the plain algorithm on purpose; README.md says what faster kernels gained.
 */
import { mulberry32 } from "./random.ts";

const MAX_ITERATIONS = 300;

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

interface State {
  points: Float32Array;
  dim: number;
  /** k × dim. */
  centres: Float64Array;
  /** k × count. */
  distances: Float64Array;
  /** Of each point, the squared distance to the nearest centre. */
  nearest: Float64Array;
  /** Of each point; −1 before the first iteration. */
  labels: Int32Array;
  /** Members of each cluster. */
  sizes: Int32Array;
  /** Of each cluster, 1 where its members changed since its centre was computed. */
  isStale: Uint8Array;
}

/**
 * Clusters points; the problem and the method are at the top of this file.
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
  const count = points.length / dim;
  if (count < k) return null;
  const state: State = {
    points,
    dim,
    centres: new Float64Array(k * dim),
    distances: new Float64Array(k * count),
    nearest: new Float64Array(count),
    labels: new Int32Array(count),
    sizes: new Int32Array(k),
    isStale: new Uint8Array(k),
  };
  const random = mulberry32(seed);
  let best: Clustering | null = null;
  // One cluster is the same from every seed.
  for (let restart = 0; restart < (k === 1 ? 1 : restarts); restart++) {
    if (!seedCentres(state, random)) return null;
    const inertia = iterate(state);
    if (best === null || inertia < best.inertia * (1 - IMPROVEMENT)) {
      const { centres, labels } = state;
      best = { centres: centres.slice(), labels: labels.slice(), inertia };
    }
  }
  return best;
}

/** k-means++; returns false when there are fewer than k distinct points. */
function seedCentres(state: State, random: () => number): boolean {
  const { points, dim, distances, nearest, sizes } = state;
  const count = nearest.length;
  nearest.fill(Infinity);
  let chosen = Math.floor(random() * count);
  for (let j = 0;; j++) {
    const seed = points.subarray(chosen * dim, (chosen + 1) * dim);
    state.centres.set(seed, j * dim);
    measure(state, j);
    if (j === sizes.length - 1) return true;
    let total = 0;
    for (let i = 0; i < count; i++) {
      nearest[i] = Math.min(nearest[i], distances[j * count + i]);
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

/** Lloyd's iterations until no label changes; returns the inertia. */
function iterate(state: State): number {
  const { distances, nearest, labels, sizes, isStale } = state;
  const count = nearest.length;
  const k = sizes.length;
  labels.fill(-1);
  for (let iteration = 0;; iteration++) {
    let inertia = 0;
    let isChanged = false;
    for (let i = 0; i < count; i++) {
      let label = 0;
      for (let j = 1; j < k; j++) {
        if (distances[j * count + i] < distances[label * count + i]) label = j;
      }
      nearest[i] = distances[label * count + i];
      inertia += nearest[i];
      const before = labels[i];
      if (before === label) continue;
      if (before >= 0) isStale[before] = 1;
      isStale[label] = 1;
      labels[i] = label;
      isChanged = true;
    }
    if (!isChanged || iteration === MAX_ITERATIONS) return inertia;

    sizes.fill(0);
    for (let i = 0; i < count; i++) sizes[labels[i]]++;
    refillEmpty(state);
    for (let j = 0; j < k; j++) {
      if (isStale[j] === 0) continue;
      average(state, j);
      measure(state, j);
      isStale[j] = 0;
    }
  }
}

/** Computes row j of the distances, four points at a time to keep as many independent additions in flight. */
function measure(
  { points, dim, centres, distances, nearest }: State,
  j: number,
) {
  const count = nearest.length;
  const centre = centres.subarray(j * dim, (j + 1) * dim);
  const row = distances.subarray(j * count, (j + 1) * count);
  for (let i0 = 0; i0 < count; i0 += 4) {
    // The last point stands in for those beyond it.
    const i1 = Math.min(i0 + 1, count - 1);
    const i2 = Math.min(i0 + 2, count - 1);
    const i3 = Math.min(i0 + 3, count - 1);
    const p0 = i0 * dim, p1 = i1 * dim, p2 = i2 * dim, p3 = i3 * dim;
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (let d = 0; d < dim; d++) {
      const c = centre[d];
      s0 += (points[p0 + d] - c) ** 2;
      s1 += (points[p1 + d] - c) ** 2;
      s2 += (points[p2 + d] - c) ** 2;
      s3 += (points[p3 + d] - c) ** 2;
    }
    row[i0] = s0;
    row[i1] = s1;
    row[i2] = s2;
    row[i3] = s3;
  }
}

/** Moves centre j to the mean of its members, summed point after point. */
function average({ points, dim, centres, labels, sizes }: State, j: number) {
  const centre = centres.subarray(j * dim, (j + 1) * dim).fill(0);
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== j) continue;
    for (let d = 0; d < dim; d++) centre[d] += points[i * dim + d];
  }
  for (let d = 0; d < dim; d++) centre[d] /= sizes[j];
}

/** Gives every empty cluster the point farthest from its centre, out of a cluster that keeps others. */
function refillEmpty({ nearest, labels, sizes, isStale }: State): void {
  for (let j = 0; j < sizes.length; j++) {
    if (sizes[j] > 0) continue;
    let farthest = -1;
    for (let i = 0; i < labels.length; i++) {
      if (sizes[labels[i]] < 2) continue;
      if (farthest < 0 || nearest[i] > nearest[farthest]) farthest = i;
    }
    const from = labels[farthest];
    sizes[from]--;
    sizes[j] = 1;
    isStale[from] = isStale[j] = 1;
    labels[farthest] = j;
    nearest[farthest] = 0;
  }
}
