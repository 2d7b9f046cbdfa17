import type { Mask } from "../core/mask.ts";

/** Pixel counts behind Dice and IoU; non-zero is inside. */
export interface Overlap {
  intersection: number;
  predicted: number;
  truth: number;
}

/**
 * Counts two masks of one size against each other.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * const predicted = { width: 4, height: 1, data: Uint8Array.of(1, 1, 0, 0) };
 * const truth = { width: 4, height: 1, data: Uint8Array.of(0, 1, 1, 1) };
 * const { dice, iou } = scoreOf(overlap(predicted, truth));
 * equal(dice, 2 * 1 / (2 + 3));
 * equal(iou, 1 / 4);
 * ```
 */
export function overlap(predicted: Mask, truth: Mask): Overlap {
  const counts = { intersection: 0, predicted: 0, truth: 0 };
  for (let i = 0; i < truth.data.length; i++) {
    const p = predicted.data[i] !== 0;
    const t = truth.data[i] !== 0;
    if (p) counts.predicted++;
    if (t) counts.truth++;
    if (p && t) counts.intersection++;
  }
  return counts;
}

/** |A ∩ B| / |A ∪ B|; 1 when both are empty. */
export function iou({ intersection, predicted, truth }: Overlap): number {
  const union = predicted + truth - intersection;
  return union === 0 ? 1 : intersection / union;
}

/** How well masks fit, 0 to 1, and over how many images. */
export interface Score {
  dice: number;
  iou: number;
  images: number;
}

/** The score of one image, from its counts; Dice as `dice` of `lib/core/mask.ts` is from the masks. */
export function scoreOf(counts: Overlap): Score {
  const { intersection, predicted, truth } = counts;
  const sum = predicted + truth;
  const dice = sum === 0 ? 1 : 2 * intersection / sum;
  return { dice, iou: iou(counts), images: 1 };
}

/** The mean of scores, each weighing the same; their images are summed. */
export function meanScore(scores: Score[]): Score {
  const sum = (of: (score: Score) => number) =>
    scores.reduce((total, score) => total + of(score), 0);
  return {
    dice: sum(({ dice }) => dice) / scores.length,
    iou: sum(({ iou }) => iou) / scores.length,
    images: sum(({ images }) => images),
  };
}

/** IoU of the pixels of several images together. */
export function pooledIou(overlaps: Overlap[]): number {
  return iou(overlaps.reduce((a, b) => ({
    intersection: a.intersection + b.intersection,
    predicted: a.predicted + b.predicted,
    truth: a.truth + b.truth,
  })));
}
