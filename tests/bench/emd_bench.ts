import {
  earthMoversDistance,
  squaredEuclideanCost,
} from "../../lib/numerics/emd.ts";

/** Points of SAM's embedding width, roughly normal, from a fixed linear congruential generator. */
function points(count: number, seed: number, dim = 256): Float32Array {
  let state = seed;
  const random = () =>
    (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Float32Array.from(
    { length: count * dim },
    () => random() + random() + random() - 1.5,
  );
}

for (const [n, m] of [[100, 100], [500, 600], [1000, 1200], [2000, 2000]]) {
  const a = points(n, 1);
  const b = points(m, 2);
  const cost = squaredEuclideanCost(a, n, b, m, 256);
  const group = `${n}×${m}`;
  Deno.bench(
    `squared Euclidean cost ${group}×256`,
    { group, n: 5, warmup: 1 },
    () => {
      squaredEuclideanCost(a, n, b, m, 256);
    },
  );
  Deno.bench(
    `earth mover's distance ${group}`,
    { group, n: 5, warmup: 1 },
    () => {
      earthMoversDistance(cost, n, m);
    },
  );
}
