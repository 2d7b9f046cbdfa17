/**
 * Area under the ROC curve: the chance that a positive scores above a negative, an equal score counting half (Mann and
 * Whitney; Hanley and McNeil, Radiology 143, 1982). Null without one of either.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * equal(rocAuc([0.9, 0.8], [0.1, 0.8]), 0.875); // 3 of 4 pairs in order, and one tie
 * equal(rocAuc([0.9], []), null);
 * ```
 */
export function rocAuc(
  positives: number[],
  negatives: number[],
): number | null {
  const pairs = positives.length * negatives.length;
  if (pairs === 0) return null;
  let above = 0;
  for (const p of positives) {
    for (const n of negatives) above += p > n ? 1 : p === n ? 0.5 : 0;
  }
  return above / pairs;
}

/** Spearman's rank correlation, equal values sharing their mean rank; null where one side does not vary. */
export function spearman(a: number[], b: number[]): number | null {
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((rank, i) => {
    // Both lists have the same length.
    const [dx, dy] = [rank - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx ** 2;
    yy += dy ** 2;
  });
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) =>
    (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1
  );
}

/** How far an answer is trusted, and how good it is. */
export interface Ranked {
  confidence: number;
  dice: number;
}

/**
 * The risk–coverage curve (El-Yaniv and Wiener, JMLR 11, 2010) with Dice in the place of risk: the mean Dice of the
 * 1, 2, … most trusted answers; the earlier first among equals.
 */
export function coverageCurve(answers: Ranked[]): number[] {
  let sum = 0;
  return [...answers].sort((a, b) => b.confidence - a.confidence)
    .map(({ dice }, i) => (sum += dice) / (i + 1));
}

/** From which Dice on an answer is good enough: what a confidence is the chance of. */
const GOOD_DICE = 0.7;
/** Bins of equal width in which confidence is compared with what came true. */
const BINS = 10;

/**
 * Expected calibration error (Naeini et al., AAAI 2015): the mean distance, over the answers, between the mean confidence
 * of their bin and the share of its answers that are good. Null without an answer.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * const sure = { confidence: 1, dice: 0.9 };
 * equal(calibrationError([sure, { confidence: 1, dice: 0.2 }]), 0.5);
 * equal(calibrationError([]), null);
 * ```
 */
export function calibrationError(answers: Ranked[]): number | null {
  if (answers.length === 0) return null;
  const binOf = ({ confidence }: Ranked) =>
    Math.min(BINS - 1, Math.floor(confidence * BINS));
  const bins = Map.groupBy(answers, binOf);
  let error = 0;
  for (const bin of bins.values()) {
    const excess = bin.reduce(
      (sum, { confidence, dice }) =>
        sum + confidence - Number(dice >= GOOD_DICE),
      0,
    );
    error += Math.abs(excess) / answers.length;
  }
  return error;
}

/** By how much the mean Dice rises when the least trusted share of answers is rejected; null when none is left. */
export function gainOfRejecting(
  answers: Ranked[],
  share: number,
): number | null {
  const curve = coverageCurve(answers);
  const kept = curve[answers.length - Math.round(share * answers.length) - 1];
  const all = curve.at(-1);
  return kept === undefined || all === undefined ? null : kept - all;
}
