import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  type SelfTest,
  summarise,
  VERDICTS,
} from "../../../lib/pipeline/self_tests.ts";
import { advise } from "../../../lib/wording/enrolment.ts";

const test = (dice: number, distance = 10): SelfTest => ({
  dice,
  distance,
  parts: [{ parts: 1, dice: dice / 2 }, { parts: 2, dice }],
  similarity: null,
});
const augmentations = (...dice: number[]) =>
  dice.map((value, i) => ({
    name: ["brighter", "smaller", "noisy"][i % 3],
    test: test(value),
  }));

Deno.test("a summary is of all self-tests", () => {
  const report = summarise(test(0.9, 4), augmentations(0.8, 0.7));
  equal(report.verdict, "good");
  equal(report.selfDice, 0.9);
  deepEqual(report.copies.map(({ name }) => name), ["brighter", "smaller"]);
  ok(Math.abs(report.dice.mean - 0.8) < 1e-12);
  equal(report.dice.worst, 0.7);
  equal(report.parts.best, 2);
  deepEqual(report.distance, { least: 4, mean: 8, most: 10 });
});

Deno.test("better self-tests never make a worse verdict", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(share, share), { minLength: 1 }), (pairs) => {
      const verdictOf = (values: number[]) =>
        VERDICTS.indexOf(
          summarise(test(values[0]), augmentations(...values.slice(1))).verdict,
        );
      const low = pairs.map(([a, b]) => Math.min(a, b));
      const high = pairs.map(([a, b]) => Math.max(a, b));
      ok(verdictOf(high) <= verdictOf(low));
    }),
  );
});

Deno.test("the advice says what went wrong", () => {
  const adviceOf = (self: number, others: number[], patches = 40) =>
    advise(summarise(test(self), augmentations(...others)), patches);
  match(adviceOf(0.95, [0.9, 0.3]), /less well when it is smaller\./);
  match(adviceOf(0.7, [0.7]), /Only part of the outline/);
  match(adviceOf(0.2, [0.1]), /not found again even in this image/);
  match(adviceOf(0.2, [0.1], 2), /very small/);
  match(adviceOf(0.95, []), /found again in this image\.$/);
});

Deno.test("an empty mask leaves no distances to tell", () => {
  equal(summarise(test(0, Infinity), []).distance, null);
});
