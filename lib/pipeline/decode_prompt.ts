import type { Box, Point } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import { cascade, decodeOnce } from "./cascade.ts";
import { correct, type Correction } from "./correct.ts";
import { maskToLogits } from "./mask_logits.ts";
import type { Target } from "./target.ts";

/** What a person points at, in image space: points, a box, and the mask so far, of the image's size. */
export interface Prompt {
  points: Point[];
  box?: Box | undefined;
  mask?: Mask | undefined;
  /** Of the cascade; all by default, and the mask is rougher with fewer. */
  passes?: number | undefined;
}

/**
 * The mask of a person's prompt. Points and a box run the method's cascade. Points on a mask correct it; a mask that is
 * empty, or comes with a box or alone, is decoded once.
 */
export async function decodePrompt(
  target: Target,
  { points, box, mask, passes }: Prompt,
): Promise<Correction> {
  if (mask === undefined) {
    const prompt = { points, box };
    const { logits, predictedIou } = await cascade(target, prompt, { passes });
    return { mask: target.toMask(logits), predictedIou };
  }
  if (points.length > 0 && box === undefined && mask.data.includes(255)) {
    return await correct(target, mask, points, passes);
  }
  const { logits, predictedIou } = await decodeOnce(target, {
    points,
    box,
    mask: maskToLogits(mask, target.model),
  });
  return { mask: target.toMask(logits), predictedIou };
}
