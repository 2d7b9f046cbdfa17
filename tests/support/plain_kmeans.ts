import type { Clustering } from "../../lib/numerics/kmeans.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";

const MAX_ITERATIONS = 300;
const IMPROVEMENT = 1e-9;

/**
 * The oracle of lib/numerics/kmeans.ts: the same algorithm, every distance and every centre computed anew in every
 * step, row by row. Sums run in the same order, so that the answers are equal bit for bit.
 */
export function plainKMeans(
  points: Float32Array,
  dim: number,
  k: number,
  seed: number,
  restarts = 10,
): Clustering | null {
  const rows = Array.from(
    { length: points.length / dim },
    (_, i) => Float64Array.from(points.subarray(i * dim, (i + 1) * dim)),
  );
  const random = mulberry32(seed);
  let best: Clustering | null = null;
  for (let restart = 0; restart < restarts; restart++) {
    const seeds = drawSeeds(rows, k, random);
    if (seeds === null) return null;
    const found = lloyd(rows, seeds);
    if (best === null || found.inertia < best.inertia * (1 - IMPROVEMENT)) {
      best = found;
    }
    if (k === 1) break;
  }
  return best;
}

type Row = Float64Array;

function squaredDistance(a: Row, b: Row): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d] - b[d]) ** 2;
  return sum;
}

/** k-means++. */
function drawSeeds(rows: Row[], k: number, random: () => number): Row[] | null {
  const seeds = [rows[Math.floor(random() * rows.length)]];
  while (seeds.length < k) {
    const squares = rows.map((row) =>
      Math.min(...seeds.map((seed) => squaredDistance(row, seed)))
    );
    const total = squares.reduce((sum, square) => sum + square, 0);
    if (total === 0) return null;
    const target = random() * total;
    let sum = 0;
    let chosen = squares.findIndex((square) => (sum += square) > target);
    // Rounding can leave the sum at the target: the last point that is no seed.
    if (chosen < 0) chosen = squares.findLastIndex((square) => square > 0);
    seeds.push(rows[chosen]);
  }
  return seeds;
}

function lloyd(rows: Row[], centres: Row[]): Clustering {
  let labels: number[] = [];
  for (let iteration = 0;; iteration++) {
    const distances = rows.map((row) =>
      centres.map((centre) => squaredDistance(row, centre))
    );
    const own = distances.map((all) => Math.min(...all));
    const next = distances.map((all, i) => all.indexOf(own[i]));
    const isChanged = next.some((label, i) => label !== labels[i]);
    labels = next;
    if (!isChanged || iteration === MAX_ITERATIONS) {
      return {
        centres: Float64Array.from(centres.flatMap((centre) => [...centre])),
        labels: Int32Array.from(labels),
        inertia: own.reduce((sum, square) => sum + square, 0),
      };
    }
    const sizeOf = (label: number) =>
      labels.filter((other) => other === label).length;
    centres.forEach((_, j) => {
      if (sizeOf(j) > 0) return;
      const free = own.map((square, i) => sizeOf(labels[i]) < 2 ? -1 : square);
      const farthest = free.indexOf(Math.max(...free));
      labels[farthest] = j;
      own[farthest] = 0;
    });
    centres = centres.map((centre, j) => {
      const members = rows.filter((_, i) => labels[i] === j);
      return centre.map((_, d) =>
        members.reduce((sum, row) => sum + row[d], 0) / members.length
      );
    });
  }
}
