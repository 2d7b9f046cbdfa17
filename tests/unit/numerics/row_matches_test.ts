import { deepEqual, ok } from "node:assert/strict";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { matchRows } from "../../../lib/numerics/row_matches.ts";

const TEMPERATURE = 0.05;
const random = mulberry32(20_261_201);

function draw(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random() - 0.5);
}

/** A row in whole numbers, divided by their norm. */
function rounded(rows: Float32Array, i: number, dim: number, limit: number) {
  const row = rows.subarray(i * dim, (i + 1) * dim);
  const factor = Math.fround(limit / Math.max(...row.map(Math.abs)));
  // Halves go to the even neighbour.
  const whole = [...row].map((value) => {
    const x = Math.fround(value * factor);
    return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
  });
  const norm = Math.hypot(...whole);
  return whole.map((value) => value / norm);
}

function plain(targets: Float32Array, sets: Float32Array[], dim: number) {
  const rows = sets.flatMap((set) =>
    Array.from(
      { length: set.length / dim },
      (_, i) => rounded(set, i, dim, 127),
    )
  );
  return Array.from({ length: targets.length / dim }, (_, j) => {
    const target = rounded(targets, j, dim, 63);
    const cosines = rows.map((row) =>
      row.reduce((sum, value, d) => sum + value * target[d], 0)
    ).sort((a, b) => b - a);
    const kernels = cosines.map((cosine) =>
      Math.exp((cosine - 1) / TEMPERATURE)
    );
    const mean = (values: number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      logDensity: Math.log(mean(kernels)),
      nearest: mean(cosines.slice(0, 3)),
    };
  });
}

// First of all: a memory that has grown for something else hides what is read beyond the rows.
Deno.test("rows may end where the memory ends", () => {
  const targets = new Float32Array(16384).fill(1);
  const { nearest } = matchRows(targets, [Float32Array.of(1)], 1, TEMPERATURE);
  ok(nearest.every((value) => value === 1));
});

// Neither rows nor columns nor numbers have to fill what the kernel takes together.
for (const dim of [1, 2, 3, 5, 50, 96, 129]) {
  for (const counts of [[1], [2], [7], [6, 13], [30, 1, 5]]) {
    Deno.test(`rows of ${dim} numbers in sets of ${counts} match as plain ones do`, () => {
      const targets = draw(dim * 19);
      const sets = counts.map((count) => draw(dim * count));
      const { logDensity, nearest } = matchRows(
        targets,
        sets,
        dim,
        TEMPERATURE,
      );
      plain(targets, sets, dim).forEach((wanted, j) => {
        ok(Math.abs(logDensity[j] - wanted.logDensity) < 2e-5);
        ok(Math.abs(nearest[j] - wanted.nearest) < 1e-6);
      });
    });
  }
}

Deno.test("nothing, and rows of zeros, match with nothing", () => {
  const targets = draw(8 * 3);
  for (const sets of [[], [new Float32Array()]]) {
    const { logDensity, nearest } = matchRows(targets, sets, 8, TEMPERATURE);
    deepEqual(logDensity, new Float32Array(3));
    deepEqual(nearest, new Float32Array(3).fill(-1));
  }
  const { nearest } = matchRows(targets, [new Float32Array(8)], 8, TEMPERATURE);
  deepEqual(nearest, new Float32Array(3));
});
