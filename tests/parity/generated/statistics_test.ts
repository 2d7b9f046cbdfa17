import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  coverageCurve,
  gainOfRejecting,
  ranks,
  rocAuc,
  spearman,
} from "../../../lib/evaluation/statistics.ts";
import golden from "../golden/statistics.json" with { type: "json" };

const near = (a: number | null, b: number) =>
  ok(a !== null && Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

Deno.test("ranks and their correlation equal SciPy's, with ties", () => {
  for (const { a, b, ranks: wanted, spearman: rho } of golden.ranks) {
    near(spearman(a, b), rho);
    ranks(a).forEach((rank, i) => equal(rank, wanted[i]));
  }
});

Deno.test("the area under the ROC curve equals scikit-learn's", () => {
  for (const { positives, negatives, auc } of golden.auc) {
    near(rocAuc(positives, negatives), auc);
  }
});

Deno.test("what cannot be measured is null", () => {
  equal(rocAuc([], [1]), null);
  equal(rocAuc([1], []), null);
  equal(spearman([1, 1], [1, 2]), null);
  equal(spearman([1], [2]), null);
  equal(gainOfRejecting([], 0.2), null);
});

const values = fc.array(
  fc.record({
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    dice: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 40 },
);

Deno.test("a coverage curve ends at the mean, and no ranking beats the true one", () => {
  fc.assert(fc.property(values, (answers) => {
    const curve = coverageCurve(answers);
    const mean = answers.reduce((sum, { dice }) => sum + dice, 0) /
      answers.length;
    near(curve.at(-1)!, mean);
    const known = answers.map(({ dice }) => ({ confidence: dice, dice }));
    const best = coverageCurve(known);
    curve.forEach((dice, i) => ok(dice <= best[i] + 1e-12));
    ok(gainOfRejecting(known, 0.2)! >= -1e-12);
  }));
});

Deno.test("increasing functions of the scores do not change ranks", () => {
  const scores = fc.array(fc.integer({ min: -50, max: 50 }), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(fc.property(scores, scores, (a, b) => {
    const grown = (values: number[]) => values.map((v) => v ** 3 + v);
    equal(rocAuc(a, b), rocAuc(grown(a), grown(b)));
    const size = Math.min(a.length, b.length);
    const [x, y] = [a.slice(0, size), b.slice(0, size)];
    equal(spearman(x, y), spearman(grown(x), y));
  }));
});
