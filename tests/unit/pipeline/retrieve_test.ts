import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  earthMoversDistance,
  squaredEuclideanCost,
} from "../../support/emd.ts";
import { gatherPatches } from "../../../lib/numerics/patches.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { type Score, scoreCandidates } from "../../../lib/pipeline/retrieve.ts";

/** Every distance by the plain solver over the float64 costs. */
function plainDistances(
  reference: Float32Array,
  target: Float32Array,
  dim: number,
  candidates: Int32Array[],
): number[] {
  const n = reference.length / dim;
  return candidates.map((set) => {
    if (set.length === 0) return Infinity;
    const points = gatherPatches(target, dim, set);
    const cost = squaredEuclideanCost(reference, n, points, set.length, dim);
    return earthMoversDistance(cost, n, set.length).distance;
  });
}

/** The first of the least. */
function winner(distances: number[]): number {
  return distances.indexOf(Math.min(...distances));
}

const DRAWS: Record<string, (r: () => number) => number> = {
  "float16": (r) => Math.f16round(4 * r() - 2),
  "integers with ties": (r) => Math.floor(2 * r()),
  "all equal": () => 3,
};

const count = fc.integer({ min: 1, max: 20 });

for (const [name, entry] of Object.entries(DRAWS)) {
  let ruledOut = 0;
  Deno.test(`ruling candidates out never changes the winner; points: ${name}`, () => {
    fc.assert(
      fc.property(
        count,
        count,
        fc.integer(),
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        (n, m, seed, share) => {
          const random = mulberry32(seed);
          const dim = 4;
          const draw = (count: number) =>
            Float32Array.from({ length: count * dim }, () => entry(random));
          const [reference, target] = [draw(n), draw(m)];
          const candidates = Array.from(
            { length: 6 },
            () =>
              Int32Array.from({ length: m }, (_, j) => j)
                .filter(() => random() < share),
          );
          candidates.push(candidates[0].slice());

          const plain = plainDistances(reference, target, dim, candidates);
          const source = {
            channels: dim,
            pick: (set: Int32Array) => gatherPatches(target, dim, set),
          };
          const all = scoreCandidates(reference, source, candidates);
          const few = scoreCandidates(reference, source, candidates, {
            every: false,
          });
          const numbers = (scores: Score[]) => scores.map((s) => s.distance);
          equal(winner(numbers(all)), winner(plain));
          equal(winner(numbers(few)), winner(plain));
          few.forEach(({ distance, isBound }, k) => {
            ok(!all[k].isBound);
            if (!isBound) return equal(distance, all[k].distance);
            ruledOut++;
            ok(distance <= all[k].distance);
            ok(distance > Math.min(...plain));
          });
        },
      ),
      { numRuns: 1000 },
    );
    ok(name !== "float16" || ruledOut > 100, "nothing was ruled out");
  });
}
