import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  reportOf,
  type SelfTest,
  VERDICTS,
} from "../../../lib/pipeline/self_tests.ts";

const trial = (dice: number, distance = 10): SelfTest => ({
  dice,
  distance,
  parts: [{ parts: 1, dice: dice / 2 }, { parts: 2, dice }],
});
const copies = (...dice: number[]) =>
  dice.map((value, i) => ({
    name: ["brighter", "smaller", "noisy"][i % 3],
    trial: trial(value),
  }));

Deno.test("a report sums its trials up", () => {
  const report = reportOf(trial(0.9, 4), copies(0.8, 0.7), null, 40);
  equal(report.verdict, "good");
  equal(report.selfDice, 0.9);
  deepEqual(report.copies.map(({ name }) => name), ["brighter", "smaller"]);
  ok(Math.abs(report.dice.mean - 0.8) < 1e-12);
  equal(report.dice.worst, 0.7);
  equal(report.parts.best, 2);
  deepEqual(report.distance, { least: 4, mean: 8, most: 10 });
});

Deno.test("better trials never make a worse verdict", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(share, share), { minLength: 1 }), (pairs) => {
      const verdictOf = (values: number[]) =>
        VERDICTS.indexOf(
          reportOf(trial(values[0]), copies(...values.slice(1)), null, 9)
            .verdict,
        );
      const low = pairs.map(([a, b]) => Math.min(a, b));
      const high = pairs.map(([a, b]) => Math.max(a, b));
      ok(verdictOf(high) <= verdictOf(low));
    }),
  );
});

Deno.test("the advice says what went wrong", () => {
  const adviceOf = (self: number, others: number[], patches = 40) =>
    reportOf(trial(self), copies(...others), null, patches).advice;
  match(adviceOf(0.95, [0.9, 0.3]), /less well when it is smaller\./);
  match(adviceOf(0.7, [0.7]), /Only part of the outline/);
  match(adviceOf(0.2, [0.1]), /not found again even in this image/);
  match(adviceOf(0.2, [0.1], 2), /very small/);
  match(adviceOf(0.95, []), /found again in this image\.$/);
});

Deno.test("an empty mask leaves no distances to tell", () => {
  equal(reportOf(trial(0, Infinity), [], "why", 9).distance, null);
});
