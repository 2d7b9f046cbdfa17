import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { agreement, dice } from "../../../lib/pipeline/agreement.ts";
import { calibrated, judge, refined } from "../../../lib/pipeline/presence.ts";
import type {
  CalibrationRange,
  Similarity,
} from "../../../lib/pipeline/calibration_range.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";

const RANGE: CalibrationRange = {
  absent: { structure: 0.6, surroundings: 0.3 },
  present: { structure: 0.9, surroundings: 0.95 },
  copies: 6,
  dice: 0.9,
};

const cosine = fc.double({ min: -1, max: 1, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const similarity = fc.record({ structure: cosine, surroundings: cosine });
const calibrationRange = fc.record({
  absent: similarity,
  present: similarity,
  copies: fc.nat(6),
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
        const { present, reason, score, threshold, confidence } = judge(
          one,
          y,
          agreed,
          empty,
        );
        equal(reason === null, present);
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
    ok(empty.reason);
  }
});

Deno.test("copies take the place of the reference itself in the calibration range", () => {
  const copies = [
    { structure: 0.8, surroundings: 0.9 },
    { structure: 0.7, surroundings: 0.8 },
  ];
  const { present, copies: count } = calibrated(RANGE, copies, 0.7);
  ok(Math.abs(present.structure - 0.75) < 1e-12);
  ok(Math.abs(present.surroundings - 0.85) < 1e-12);
  equal(count, 2);
  deepEqual(calibrated(RANGE, [], 0.7).present, RANGE.present);
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
      const { present, absent } = refined(
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
  equal(refined(same, [same])!.present.structure, 0.9);
  const across = profileOf([0, 1], null);
  equal(refined(same, [across])!.present.structure, 0.75);
  equal(refined(across, [same]), null);
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
