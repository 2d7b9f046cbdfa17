import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { maskInModelSpace } from "./preprocess.ts";
import type { Mask } from "../core/mask.ts";
import type { ModelGeometry } from "./types.ts";

/** Logit of a pixel that is surely inside. */
const CERTAIN = 8;

/**
 * A mask as the low-res logits of an earlier pass: resized to model space, padded as outside,
 * brought to the decoder's size, and spread over ±8.
 *
 * @returns lowResMask × lowResMask, row-major.
 */
export function maskToLogits(
  mask: Mask,
  { size, lowResMask }: ModelGeometry,
): Float32Array {
  const padded = maskInModelSpace(mask, size);
  const axis = bilinearAxis(size, lowResMask);
  const low = resizeBilinear(padded, size, axis, axis);
  return Float32Array.from(low, (value) => (value / 255 * 2 - 1) * CERTAIN);
}
