import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { dice } from "../../../lib/core/mask.ts";
import { agreement } from "../../../lib/pipeline/agreement.ts";
import { judge, judgePredicted } from "../../../lib/pipeline/presence.ts";
import { refineRange } from "../../../lib/pipeline/similarity.ts";
import { explainAbsence } from "../../../lib/wording/presence.ts";
import {
  calibrate,
  type CalibrationRange,
  type Similarity,
} from "../../../lib/pipeline/calibration_range.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";

const RANGE: CalibrationRange = {
  absent: { structure: 0.6, surroundings: 0.3 },
  present: { structure: 0.9, surroundings: 0.95 },
  augmentations: 6,
  dice: 0.9,
};

const cosine = fc.double({ min: -1, max: 1, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const similarity = fc.record({ structure: cosine, surroundings: cosine });
const calibrationRange = fc.record({
  absent: similarity,
  present: similarity,
  augmentations: fc.nat(6),
  dice: share,
});

Deno.test("more similarity never makes a structure less present, nor an answer less trusted", () => {
  fc.assert(
    fc.property(
      similarity,
      similarity,
      calibrationRange,
      share,
      (a, b, y, agreed) => {
        const low: Similarity = {
          structure: Math.min(a.structure, b.structure),
          surroundings: Math.min(a.surroundings, b.surroundings),
        };
        const high: Similarity = {
          structure: Math.max(a.structure, b.structure),
          surroundings: Math.max(a.surroundings, b.surroundings),
        };
        const [less, more] = [low, high].map((one) =>
          judge(one, y, agreed, false)
        );
        if (less.score === null) return equal(more.score, null);
        ok(less.score <= more.score!);
        ok(less.confidence! <= more.confidence!);
        ok(!less.present || more.present);
      },
    ),
  );
});

Deno.test("score and confidence lie in 0..1, and presence and reason go by the threshold", () => {
  fc.assert(
    fc.property(
      similarity,
      calibrationRange,
      share,
      fc.boolean(),
      (one, y, agreed, empty) => {
        const judged = judge(one, y, agreed, empty);
        const { present, score, threshold, confidence } = judged;
        equal(explainAbsence(judged) === null, present);
        if (empty) equal(present, false);
        if (score === null) return equal(confidence, null);
        ok(score >= 0 && score <= 1 && confidence! >= 0 && confidence! <= 1);
        equal(present, score >= threshold);
      },
    ),
  );
});

Deno.test("more agreement and a better reference give more confidence", () => {
  fc.assert(
    fc.property(similarity, share, share, share, share, (one, a, b, c, d) => {
      const of = (agreed: number, dice: number) =>
        judge(one, { ...RANGE, dice }, agreed, false).confidence!;
      ok(
        of(Math.min(a, b), Math.min(c, d)) <=
          of(Math.max(a, b), Math.max(c, d)),
      );
    }),
  );
});

Deno.test("the ends of the calibration range are 0 and 1", () => {
  equal(judge(RANGE.absent, RANGE, 1, false).score, 0);
  equal(judge(RANGE.present, RANGE, 1, false).score, 1);
  equal(judge(RANGE.absent, RANGE, 1, false).present, false);
});

Deno.test("without a calibration range, or with one of no length, only an empty mask is absent", () => {
  const flat = { ...RANGE, present: RANGE.absent };
  for (const [one, y] of [[null, null], [RANGE.present, flat]] as const) {
    const { present, score, confidence } = judge(one, y, 1, false);
    deepEqual([present, score, confidence], [true, null, null]);
    const empty = judge(one, y, 1, true);
    equal(empty.present, false);
    ok(explainAbsence(empty));
  }
});

Deno.test("augmentations take the place of the reference itself in the calibration range", () => {
  const augmentations = [
    { structure: 0.8, surroundings: 0.9 },
    { structure: 0.7, surroundings: 0.8 },
  ];
  const { present, augmentations: count } = calibrate(
    RANGE,
    augmentations,
    0.7,
  );
  ok(Math.abs(present.structure - 0.75) < 1e-12);
  ok(Math.abs(present.surroundings - 0.85) < 1e-12);
  equal(count, 2);
  deepEqual(calibrate(RANGE, [], 0.7).present, RANGE.present);
});

const profileOf = (patches: number[], y: CalibrationRange | null): Profile => ({
  model: "",
  channels: 2,
  parts: [],
  negatives: [],
  patches: Float32Array.from(patches),
  surroundings: null,
  calibrationRange: y,
});

Deno.test("further references of other looks lower what presence takes, never beyond half the way", () => {
  const coordinate = fc.double({ min: -1, max: 1, noNaN: true })
    .filter((value) => Math.abs(value) > 1e-3);
  const patch = fc.tuple(coordinate, coordinate);
  const patches = fc.array(patch, { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(patches, fc.array(patches, { maxLength: 3 }), (own, others) => {
      const profile = profileOf(own.flat(), RANGE);
      const { present, absent } = refineRange(
        profile,
        others.map((one) => profileOf(one.flat(), null)),
      )!;
      deepEqual(absent, RANGE.absent);
      ok(present.structure <= RANGE.present.structure);
      ok(present.structure >= 0.75 - 1e-12);
      equal(present.surroundings, RANGE.present.surroundings);
    }),
  );
  const same = profileOf([1, 0], RANGE);
  equal(refineRange(same, [same])!.present.structure, 0.9);
  const across = profileOf([0, 1], null);
  equal(refineRange(same, [across])!.present.structure, 0.75);
  equal(refineRange(across, [same]), null);
});

const logits = fc.float32Array({ minLength: 16, maxLength: 16, noNaN: true });

Deno.test("agreement is 1 among equals, and lies in 0..1", () => {
  fc.assert(
    fc.property(logits, fc.array(logits, { maxLength: 4 }), (a, rest) => {
      const output = (logits: Float32Array) => ({ logits, predictedIou: 0 });
      const all = [a, ...rest].map(output);
      const value = agreement(all[0], all);
      ok(value >= 1 / all.length && value <= 1);
      equal(agreement(all[0], [all[0], all[0]]), 1);
      for (const one of rest) equal(dice(a, one), dice(one, a));
    }),
  );
});

Deno.test("a predicted IoU and the similarities are weighed into one chance of presence", () => {
  const typical = { structure: 0.8, surroundings: 0.7 };
  const presence = {
    offset: -3,
    rating: 1,
    structure: 2,
    surroundings: 3,
    typical,
  };
  const calibration = { threshold: 0.5, slope: 1, offset: 0.5 };
  const judged = (iou: number, like: Similarity | null, isEmpty = false) =>
    judgePredicted(iou, like, null, { ...calibration, presence }, isEmpty);
  const like = { structure: 0.5, surroundings: 0.2 };
  const { score, confidence } = judged(0.5, like);
  ok(Math.abs(score! - 1 / (1 + Math.exp(1.4))) < 1e-12);
  ok(Math.abs(confidence! - 1 / (1 + Math.exp(-0.5))) < 1e-12);
  equal(judged(0.5, like).absence, "unlike");
  equal(judged(0.5, null).score, judged(0.5, typical).score);
  equal(judged(0.5, typical).present, true);
  equal(judged(1, typical, true).absence, "nothing-found");
  // Without weights the predicted IoU decides alone.
  equal(judgePredicted(0.5, like, null, calibration, false).score, 0.5);
});
