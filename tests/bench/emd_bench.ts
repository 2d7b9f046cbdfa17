import { earthMoversDistance, squaredEuclideanCost } from "../support/emd.ts";
import { withArena } from "../../lib/numerics/kernels.ts";
import { roundedCosts } from "../../lib/numerics/rounded_costs.ts";
import { transport } from "../../lib/numerics/transport.ts";

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
  const group = `${n}×${m}`;
  const options = { group, n: 5, warmup: 1 };
  Deno.bench(`plain cost and distance ${group}×256`, options, () => {
    earthMoversDistance(squaredEuclideanCost(a, n, b, m, 256), n, m);
  });
  const all = Int32Array.from({ length: m }, (_, j) => j);
  Deno.bench(
    `cost and distance that serve ${group}×256`,
    { ...options, baseline: true },
    () => {
      withArena((arena) =>
        transport(arena, roundedCosts(arena, a, n, b, m, 256), all)
      );
    },
  );
}
