import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  earthMoversDistance,
  squaredEuclideanCost,
} from "../../../../lib/numerics/emd.ts";
import { withArena } from "../../../../lib/numerics/kernels.ts";
import { mulberry32 } from "../../../../lib/numerics/random.ts";
import {
  lowerBounds,
  raisedBound,
  roundedCosts,
  transport,
} from "../../../../lib/numerics/transport.ts";
import golden from "../../golden/emd.json" with { type: "json" };
import { goldenPoints } from "./golden_points.ts";

/** The distance between two point sets, n × dim and m × dim, each of equal weights. */
function pointsDistance(
  a: Float32Array,
  n: number,
  b: Float32Array,
  m: number,
  dim: number,
): number {
  return withArena((arena) =>
    transport(
      arena,
      roundedCosts(arena, a, n, b, m, dim),
      Int32Array.from({ length: m }, (_, j) => j),
    ).distance
  );
}

const UNIFORM = ["uniform", "duplicates", "line", "clusters", "far"];

for (const c of golden.cases.filter(({ kind }) => UNIFORM.includes(kind))) {
  Deno.test(`transport golden: ${c.kind} ${c.n}×${c.m}, ${c.dim} dimensions`, () => {
    const a = goldenPoints(c.kind, 4 * c.seed, c.n, c.dim, 0);
    const b = goldenPoints(c.kind, 4 * c.seed + 1, c.m, c.dim, 1000);
    const distance = pointsDistance(a, c.n, b, c.m, c.dim);
    ok(
      Math.abs(distance - c.distance) <= Math.max(1e-9, 1e-9 * c.distance),
      `${distance}, POT's ${c.distance}`,
    );
  });
}

type Draw = (random: () => number) => number;
const DRAWS: Record<string, Draw> = {
  "float16": (r) => Math.f16round(4 * r() - 2),
  "any float32": (r) => Math.fround(r()),
  "integers with massive ties": (r) => Math.floor(3 * r()),
  "all equal": () => 5,
  "large with small differences": (r) => Math.fround(1e4 + r()),
};

const size = fc.integer({ min: 1, max: 40 });
const seed = fc.integer();

for (const [name, entry] of Object.entries(DRAWS)) {
  Deno.test(`transport equals the plain distance for points: ${name}`, () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.integer({ min: 1, max: 9 }),
        seed,
        (n, m, dim, s) => {
          const random = mulberry32(s);
          const draw = (count: number) =>
            Float32Array.from({ length: count * dim }, () => entry(random));
          const [a, b] = [draw(n), draw(m)];
          const plain = earthMoversDistance(
            squaredEuclideanCost(a, n, b, m, dim),
            n,
            m,
          ).distance;
          const found = pointsDistance(a, n, b, m, dim);
          ok(
            Math.abs(found - plain) <= 1e-12 * plain,
            `${found}, plain ${plain}`,
          );
          equal(pointsDistance(a, n, b, m, dim), found);
        },
      ),
      { numRuns: 300 },
    );
  });

  Deno.test(`lower bounds never exceed the distance for points: ${name}`, () => {
    const few = fc.integer({ min: 1, max: 24 });
    fc.assert(
      fc.property(
        few,
        few,
        fc.integer({ min: 1, max: 6 }),
        seed,
        (n, m, dim, s) => {
          const random = mulberry32(s);
          const draw = (count: number) =>
            Float32Array.from({ length: count * dim }, () => entry(random));
          const [a, b] = [draw(n), draw(m)];
          const subset = () => {
            const some = Int32Array.from({ length: m }, (_, j) => j)
              .filter(() => random() < 0.6);
            return some.length > 0 ? some : Int32Array.of(0);
          };
          withArena((arena) => {
            const costs = roundedCosts(arena, a, n, b, m, dim);
            const solved = transport(arena, costs, subset());
            const others = [subset(), subset(), subset()];
            const bounds = lowerBounds(
              arena,
              costs,
              solved.sourcePotentials,
              others,
            );
            others.forEach((columns, k) => {
              const { distance } = transport(arena, costs, columns);
              ok(bounds[k] <= distance, `${bounds[k]} is above ${distance}`);
              const raised = raisedBound(
                arena,
                costs,
                solved.sourcePotentials,
                columns,
                distance * 1.5,
              );
              ok(raised <= distance, `${raised} is above ${distance}`);
              ok(raised >= bounds[k] - 1e-4 * Math.abs(bounds[k]) - 1e-4);
            });
          });
        },
      ),
      { numRuns: 300 },
    );
  });
}
