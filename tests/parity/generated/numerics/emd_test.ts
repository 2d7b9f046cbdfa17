import assert from "node:assert/strict";
import fc from "fast-check";
import {
  earthMoversDistance,
  type EarthMoversOptions,
  type EarthMoversResult,
  squaredEuclideanCost,
} from "../../../support/emd.ts";
import { mulberry32 } from "../../../../lib/numerics/random.ts";
import { solveTransport } from "../../../support/network_simplex.ts";
import { goldenPoints } from "./golden_points.ts";
import golden from "../../golden/emd.json" with { type: "json" };

// ---- certificates -------------------------------------------------------------------------------

/**
 * Prove a result optimal without trusting the solver: the plan is feasible, the potentials are
 * feasible, and both give the same value. Weak duality does the rest.
 */
function certify(
  result: EarthMoversResult,
  cost: Float64Array,
  n: number,
  m: number,
  options: EarthMoversOptions = {},
): void {
  const a = normalised(options.sourceWeights ?? new Float64Array(n).fill(1));
  const b = normalised(options.targetWeights ?? new Float64Array(m).fill(1));
  const { flow, sourcePotentials: u, targetPotentials: v, distance } = result;
  const scale = cost.reduce((most, c) => Math.max(most, Math.abs(c)), 0);

  // Primal: positive masses on distinct arcs of a forest, with the right marginals.
  const rows = new Float64Array(n);
  const columns = new Float64Array(m);
  let primal = 0;
  let lastArc = -1;
  flow.mass.forEach((mass, k) => {
    const i = flow.source[k], j = flow.target[k];
    assert.ok(mass > 0, `mass ${mass} on arc ${i},${j}`);
    assert.ok(i * m + j > lastArc, "arcs ascend");
    lastArc = i * m + j;
    rows[i] += mass;
    columns[j] += mass;
    primal += mass * cost[i * m + j];
  });
  assert.ok(flow.mass.length <= n + m - 1, "a basis has n + m - 1 arcs");
  a.forEach((w, i) =>
    assert.ok(Math.abs(rows[i] - w) <= 1e-12, `row ${i}: ${rows[i]}, not ${w}`)
  );
  b.forEach((w, j) =>
    assert.ok(
      Math.abs(columns[j] - w) <= 1e-12,
      `column ${j}: ${columns[j]}, not ${w}`,
    )
  );
  assertClose(
    primal,
    distance,
    1e-12 * Math.max(Math.abs(distance), 1e-3 * scale),
    "primal value",
  );

  // Dual: finite, feasible, tight where mass flows.
  assert.ok(
    u.every(Number.isFinite) && v.every(Number.isFinite),
    "potentials are finite",
  );
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      worst = Math.min(worst, cost[i * m + j] - u[i] - v[j]);
    }
  }
  assert.ok(worst >= -1e-8 * scale, `reduced cost ${worst} at scale ${scale}`);
  for (let k = 0; k < flow.mass.length; k++) {
    const reduced = cost[flow.source[k] * m + flow.target[k]] -
      u[flow.source[k]] -
      v[flow.target[k]];
    assert.ok(
      Math.abs(reduced) <= 1e-10 * scale,
      `reduced cost ${reduced} on a used arc`,
    );
  }

  // Strong duality, relative 1e-9.
  let dual = 0;
  a.forEach((w, i) => dual += w * u[i]);
  b.forEach((w, j) => dual += w * v[j]);
  const magnitude = Math.max(Math.abs(distance), 1e-3 * scale);
  assertClose(dual, distance, 1e-9 * magnitude, "dual value");
}

function normalised(weights: Float64Array): Float64Array {
  const sum = weights.reduce((s, w) => s + w, 0);
  return weights.map((w) => w / sum);
}

function assertClose(
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${what}: ${actual} is not within ${tolerance} of ${expected}`,
  );
}

/** Solve, certify, return. */
function solve(
  cost: Float64Array,
  n: number,
  m: number,
  options?: EarthMoversOptions,
) {
  const result = earthMoversDistance(cost, n, m, options);
  certify(result, cost, n, m, options);
  return result;
}

function transposed(cost: Float64Array, n: number, m: number): Float64Array {
  return Float64Array.from(
    { length: n * m },
    (_, k) => cost[(k % n) * m + Math.floor(k / n)],
  );
}

// ---- points, as tests/parity/golden/emd.py makes them --------------------------------------------------

function goldenWeights(
  kind: string,
  stream: number,
  count: number,
): Float64Array {
  const random = mulberry32(stream);
  const weights = Float64Array.from({ length: count }, random);
  return kind === "zeros" ? weights.map((r) => r < 0.3 ? 0 : r) : weights;
}

function goldenCase(c: typeof golden.cases[number]) {
  const a = goldenPoints(c.kind, 4 * c.seed, c.n, c.dim, 0);
  const target = c.kind === "identical" ? 4 * c.seed : 4 * c.seed + 1;
  const b = goldenPoints(c.kind, target, c.m, c.dim, 1000);
  const isWeighted = c.kind === "weighted" || c.kind === "zeros";
  return {
    cost: squaredEuclideanCost(a, c.n, b, c.m, c.dim),
    options: isWeighted
      ? {
        sourceWeights: goldenWeights(c.kind, 4 * c.seed + 2, c.n),
        targetWeights: goldenWeights(c.kind, 4 * c.seed + 3, c.m),
      }
      : {},
  };
}

for (const c of golden.cases) {
  Deno.test(`emd golden: ${c.kind} ${c.n}×${c.m}, ${c.dim} dimensions`, () => {
    const { cost, options } = goldenCase(c);
    const { distance } = solve(cost, c.n, c.m, options);
    assertClose(
      distance,
      c.distance,
      Math.max(1e-9, 1e-6 * c.distance),
      "distance",
    );
  });
}

// ---- properties ---------------------------------------------------------------------------------

const size = fc.integer({ min: 1, max: 40 });
const seed = fc.integer();
const ROUNDS = { numRuns: 300 };

type Draw = (random: () => number) => number;
const DRAWS: Record<string, Draw> = {
  "real": (r) => r(),
  "integers with massive ties": (r) => Math.floor(3 * r()),
  "zeros and ones": (r) => Math.floor(2 * r()),
  "all equal": () => 5,
  "all zero": () => 0,
  "either sign": (r) => r() - 0.5,
  "eighteen orders of magnitude": (r) => 10 ** (18 * r() - 9),
  "large with small differences": (r) => 1e6 + r(),
};

function draw(n: number, m: number, seed: number, entry: Draw): Float64Array {
  const random = mulberry32(seed);
  return Float64Array.from({ length: n * m }, () => entry(random));
}

for (const [name, entry] of Object.entries(DRAWS)) {
  Deno.test(`emd certificates hold for costs: ${name}`, () => {
    fc.assert(
      fc.property(
        size,
        size,
        seed,
        (n, m, s) => void solve(draw(n, m, s, entry), n, m),
      ),
      ROUNDS,
    );
  });
}

const weight = fc.oneof(
  fc.constant(0),
  fc.constant(1),
  fc.integer({ min: 0, max: 4 }),
  fc.double({ min: 1e-6, max: 1, noNaN: true }),
);
const weights = fc.array(weight, { minLength: 1, maxLength: 40 })
  .filter((w) => w.some((x) => x > 0)).map((w) => Float64Array.from(w));

for (const name of ["real", "integers with massive ties"]) {
  Deno.test(`emd certificates hold for any weights, zeros included; costs: ${name}`, () => {
    fc.assert(
      fc.property(weights, weights, seed, (sourceWeights, targetWeights, s) => {
        const n = sourceWeights.length, m = targetWeights.length;
        solve(draw(n, m, s, DRAWS[name]), n, m, {
          sourceWeights,
          targetWeights,
        });
        solve(draw(n, m, s, DRAWS[name]), n, m, { targetWeights });
        solve(draw(n, m, s, DRAWS[name]), n, m, { sourceWeights });
      }),
      ROUNDS,
    );
  });
}

Deno.test("emd leaves points without weight out of the plan and changes nothing else", () => {
  fc.assert(
    fc.property(weights, weights, seed, (sourceWeights, targetWeights, s) => {
      const n = sourceWeights.length, m = targetWeights.length;
      const cost = draw(n, m, s, DRAWS["real"]);
      const { distance } = solve(cost, n, m, { sourceWeights, targetWeights });
      const rows = [...sourceWeights.keys()].filter((i) =>
        sourceWeights[i] > 0
      );
      const columns = [...targetWeights.keys()].filter((j) =>
        targetWeights[j] > 0
      );
      const kept = solve(
        Float64Array.from(
          rows.flatMap((i) => columns.map((j) => cost[i * m + j])),
        ),
        rows.length,
        columns.length,
        {
          sourceWeights: sourceWeights.filter((w) => w > 0),
          targetWeights: targetWeights.filter((w) => w > 0),
        },
      );
      assertClose(distance, kept.distance, 1e-12, "distance");
    }),
    ROUNDS,
  );
});

Deno.test("emd takes weights whose sums differ by rounding, and weights of any scale", () => {
  const cost = Float64Array.of(0, 1, 4, 1, 0, 1);
  const thirds = Float64Array.of(0.1 + 0.2, 0.3, 0.4);
  const { distance } = solve(cost, 2, 3, { targetWeights: thirds });
  for (const factor of [1e-300, 1e-9, 1e9, 1e300]) {
    const scaled = solve(cost, 2, 3, {
      targetWeights: thirds.map((w) => w * factor),
    });
    assertClose(scaled.distance, distance, 1e-14, `weights times ${factor}`);
  }
  const equal = solve(cost, 2, 3, { sourceWeights: Float64Array.of(0.1, 0.1) });
  assert.equal(equal.distance, solve(cost, 2, 3).distance);
});

Deno.test("emd of points: symmetric, zero on itself, certified with duplicates", () => {
  const points = fc.array(
    fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }),
    {
      minLength: 1,
      maxLength: 40,
    },
  ).map((rows) => Float32Array.from(rows.flat(), (x) => Math.fround(0.1 * x)));
  fc.assert(
    fc.property(points, points, (a, b) => {
      const n = a.length / 3, m = b.length / 3;
      const forth = solve(squaredEuclideanCost(a, n, b, m, 3), n, m);
      const back = solve(squaredEuclideanCost(b, m, a, n, 3), m, n);
      assertClose(forth.distance, back.distance, 1e-14, "symmetry");
      assert.equal(
        solve(squaredEuclideanCost(a, n, a, n, 3), n, n).distance,
        0,
      );
      const shuffled = new Float32Array(3 * n);
      for (let i = 0; i < n; i++) {
        shuffled.set(a.subarray(3 * i, 3 * i + 3), 3 * (n - 1 - i));
      }
      assert.equal(
        solve(squaredEuclideanCost(a, n, shuffled, n, 3), n, n).distance,
        0,
      );
    }),
    ROUNDS,
  );
});

Deno.test("emd of a weighted problem is symmetric", () => {
  fc.assert(
    fc.property(weights, weights, seed, (a, b, s) => {
      const n = a.length, m = b.length;
      const cost = draw(n, m, s, DRAWS["real"]);
      const forth = solve(cost, n, m, { sourceWeights: a, targetWeights: b });
      const back = solve(transposed(cost, n, m), m, n, {
        sourceWeights: b,
        targetWeights: a,
      });
      assertClose(forth.distance, back.distance, 1e-12, "symmetry");
    }),
    ROUNDS,
  );
});

Deno.test("emd of equally many points is the cheapest assignment", () => {
  const entries = fc.constantFrom(
    ...Object.keys(DRAWS).filter((k) => !k.startsWith("eighteen")),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), seed, entries, (n, s, name) => {
      const cost = draw(n, n, s, DRAWS[name]);
      const { distance } = solve(cost, n, n);
      const cheapest = cheapestAssignment(cost, n);
      assertClose(
        distance,
        cheapest / n,
        1e-12 * Math.max(1, Math.abs(cheapest)),
        "distance",
      );
    }),
    { numRuns: 500 },
  );
});

/** Least cost over all n! permutations. */
function cheapestAssignment(
  cost: Float64Array,
  n: number,
  i = 0,
  used = 0,
): number {
  if (i === n) return 0;
  let least = Infinity;
  for (let j = 0; j < n; j++) {
    if (used & (1 << j)) continue;
    least = Math.min(
      least,
      cost[i * n + j] + cheapestAssignment(cost, n, i + 1, used | (1 << j)),
    );
  }
  return least;
}

Deno.test("emd on a line is the sorted matching", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), seed, (n, s) => {
      const random = mulberry32(s);
      const a = Float32Array.from({ length: n }, random);
      const b = Float32Array.from({ length: n }, random);
      const { distance } = solve(squaredEuclideanCost(a, n, b, n, 1), n, n);
      a.sort();
      b.sort();
      assertClose(
        distance,
        a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / n,
        1e-14,
        "sorted",
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("emd to a single point is the mean cost", () => {
  const cost = Float64Array.of(3, 1, 4, 1, 5);
  assert.equal(solve(cost, 1, 5).distance, 14 / 5);
  assert.equal(solve(cost, 5, 1).distance, 14 / 5);
  assert.equal(solve(cost, 5, 1).pivots, 0);
  assert.equal(solve(Float64Array.of(7), 1, 1).distance, 7);
});

Deno.test("emd gives the same answer bit for bit, and leaves its input alone", () => {
  const n = 120, m = 90;
  const cost = draw(n, m, 5, DRAWS["integers with massive ties"]);
  const copy = cost.slice();
  const targetWeights = draw(1, m, 6, DRAWS["real"]);
  const first = earthMoversDistance(cost, n, m, { targetWeights });
  assert.deepEqual(earthMoversDistance(cost, n, m, { targetWeights }), first);
  assert.deepEqual(cost, copy);
});

// ---- the basis behind it ----

Deno.test("network simplex ends on a strongly feasible, well-threaded tree", () => {
  const units = fc.array(fc.integer({ min: 0, max: 3 }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(units, units, seed, (supplies, demands, s) => {
      // Even the totals out, at the first nodes.
      const surplus = supplies.reduce((x, y) => x + y, 0) -
        demands.reduce((x, y) => x + y, 0);
      demands[0] += Math.max(0, surplus) + 1;
      supplies[0] += Math.max(0, -surplus) + 1;
      const n = supplies.length, m = demands.length;
      const cost = draw(n, m, s, DRAWS["integers with massive ties"]);
      const basis = solveTransport(
        cost,
        n,
        m,
        Float64Array.from(supplies),
        Float64Array.from(demands),
      );
      const { root, parent, depth, next, prev, flow, potential } = basis;

      // The thread visits every node that takes part once, each after its parent, in preorder.
      const amounts = [...supplies, ...demands];
      const path: number[] = [];
      let visited = 0;
      for (
        let x = root, first = true;
        first || x !== root;
        x = next[x], first = false
      ) {
        assert.equal(prev[next[x]], x);
        assert.ok(amounts[x] > 0);
        assert.equal(parent[x], x === root ? -1 : path[depth[x] - 1]);
        assert.ok(depth[x] <= path.length);
        path.length = depth[x];
        path.push(x);
        assert.ok(++visited <= n + m);
      }
      assert.equal(visited, amounts.filter((amount) => amount > 0).length);

      // Integer flows that balance; empty arcs point at the root; tree arcs cost nothing extra.
      for (let x = 0; x < n + m; x++) {
        if (parent[x] < 0) continue;
        const [i, j] = x < n ? [x, parent[x] - n] : [parent[x], x - n];
        assert.ok(Number.isInteger(flow[x]) && flow[x] >= 0);
        assert.ok(
          flow[x] > 0 || x < n,
          "an empty arc points away from the root",
        );
        assert.equal(cost[i * m + j] + potential[i] - potential[n + j], 0);
        amounts[x] -= flow[x];
        amounts[parent[x]] -= flow[x];
      }
      assert.ok(amounts.every((amount) => amount === 0));
    }),
    ROUNDS,
  );
});

// ---- cost matrix --------------------------------------------------------------------------------

Deno.test("squaredEuclideanCost is the plain sum of squares at every size of tile", () => {
  const sizes = fc.integer({ min: 1, max: 37 });
  fc.assert(
    fc.property(
      sizes,
      sizes,
      fc.integer({ min: 0, max: 9 }),
      seed,
      (n, m, dim, s) => {
        const random = mulberry32(s);
        const a = Float32Array.from({ length: n * dim }, () => random() - 0.5);
        const b = Float32Array.from({ length: m * dim }, () => random() - 0.5);
        const cost = squaredEuclideanCost(a, n, b, m, dim);
        assert.equal(cost.length, n * m);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < m; j++) {
            let sum = 0;
            for (let d = 0; d < dim; d++) {
              sum += (a[i * dim + d] - b[j * dim + d]) ** 2;
            }
            assert.equal(cost[i * m + j], sum);
          }
        }
        assert.deepEqual(
          squaredEuclideanCost(b, m, a, n, dim),
          transposed(cost, n, m),
        );
      },
    ),
  );
});

Deno.test("squaredEuclideanCost is exactly 0 for equal rows, however large", () => {
  const row = Float32Array.from({ length: 256 }, (_, d) => 1e5 * Math.sin(d));
  const rows = new Float32Array(5 * 256);
  for (let i = 0; i < 5; i++) rows.set(row, i * 256);
  assert.ok(
    squaredEuclideanCost(rows, 5, rows, 5, 256).every((c) => Object.is(c, 0)),
  );
});
