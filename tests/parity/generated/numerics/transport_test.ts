import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  earthMoversDistance,
  squaredEuclideanCost,
} from "../../../support/emd.ts";
import { Arena, withArena } from "../../../../lib/numerics/kernels.ts";
import { mulberry32 } from "../../../../lib/numerics/random.ts";
import { roundedCosts } from "../../../../lib/numerics/rounded_costs.ts";
import {
  lowerBounds,
  raisedBound,
} from "../../../../lib/numerics/transport_bounds.ts";
import {
  transport,
  type Transported,
} from "../../../../lib/numerics/transport.ts";
import golden from "../../golden/emd.json" with { type: "json" };
import { goldenPoints } from "./golden_points.ts";

/**
 * Solves the problem between two point sets, n × dim and m × dim, each of equal weights, and certifies the distance
 * from below: the source potentials and their c-transform are feasible, and worth as much as the distance.
 */
function solve(
  a: Float32Array,
  n: number,
  b: Float32Array,
  m: number,
  dim: number,
  arena = new Arena(),
): Transported {
  const all = Int32Array.from({ length: m }, (_, j) => j);
  arena.free(0);
  const answer = transport(arena, roundedCosts(arena, a, n, b, m, dim), all);
  const cost = squaredEuclideanCost(a, n, b, m, dim);
  const u = answer.sourcePotentials;
  const mean = (values: Float64Array) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const v = new Float64Array(m).fill(Infinity);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      v[j] = Math.min(v[j], cost[i * m + j] - u[i]);
    }
  }
  const scale = cost.reduce((most, c) => Math.max(most, c), 0);
  const gap = answer.distance - mean(u) - mean(v);
  ok(Math.abs(gap) <= 1e-12 * scale, `duality gap ${gap} at scale ${scale}`);
  return answer;
}

/** An arena whose rounded costs always hide too many arcs, so that all is solved by exact costs. */
function exactArena(): Arena {
  const arena = new Arena();
  return Object.assign(arena, {
    kernels: { ...arena.kernels, perfect: () => -1 },
  });
}

const UNIFORM = ["uniform", "duplicates", "line", "clusters", "far"];

for (const c of golden.cases.filter(({ kind }) => UNIFORM.includes(kind))) {
  Deno.test(`transport golden: ${c.kind} ${c.n}×${c.m}, ${c.dim} dimensions`, () => {
    const a = goldenPoints(c.kind, 4 * c.seed, c.n, c.dim, 0);
    const b = goldenPoints(c.kind, 4 * c.seed + 1, c.m, c.dim, 1000);
    for (const arena of [new Arena(), exactArena()]) {
      const { distance } = solve(a, c.n, b, c.m, c.dim, arena);
      ok(
        Math.abs(distance - c.distance) <= Math.max(1e-9, 1e-9 * c.distance),
        `${distance}, POT's ${c.distance}`,
      );
    }
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
          const cost = squaredEuclideanCost(a, n, b, m, dim);
          const plain = earthMoversDistance(cost, n, m);
          const found = solve(a, n, b, m, dim);
          const { distance } = plain;
          ok(
            Math.abs(found.distance - distance) <= 1e-12 * distance,
            `${found.distance}, plain ${distance}`,
          );
          deepEqual(solve(a, n, b, m, dim), found);
          const exact = solve(a, n, b, m, dim, exactArena());
          equal(exact.distance, distance);
          deepEqual(exact.sourcePotentials, plain.sourcePotentials);
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

Deno.test("where rounding hides too many arcs, transport is the plain solver, bit for bit", () => {
  // With so few places of points, every arc between two places is as good as any other.
  const dim = 5;
  const arena = new Arena();
  const { improveExact } = arena.kernels;
  let exact = 0;
  const counted: typeof improveExact = (...args) => {
    exact++;
    improveExact(...args);
  };
  Object.assign(arena, {
    kernels: { ...arena.kernels, improveExact: counted },
  });
  for (let round = 0; round < 12; round++) {
    const places = 1 + round % 2;
    const n = 140 + 9 * round;
    const m = 300 - 7 * round;
    const random = mulberry32(round);
    const draw = (count: number) => {
      const rows = Float32Array.from({ length: places * dim }, random);
      const points = new Float32Array(count * dim);
      for (let i = 0; i < count; i++) {
        const at = Math.floor(places * random()) * dim;
        points.set(rows.subarray(at, at + dim), i * dim);
      }
      return points;
    };
    const [a, b] = [draw(n), draw(m)];
    const cost = squaredEuclideanCost(a, n, b, m, dim);
    const plain = earthMoversDistance(cost, n, m);
    const found = solve(a, n, b, m, dim, arena);
    equal(exact, round + 1);
    equal(found.distance, plain.distance);
    deepEqual(found.sourcePotentials, plain.sourcePotentials);
  }
});
