import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { maskInModelSpace } from "./preprocess.ts";
import type { Mask } from "../core/mask.ts";
import type { ModelGeometry } from "./types.ts";

/** Logit of a pixel that is surely inside. */
const CERTAIN = 8;
/** The same for decoders of dense matching, which were trained to change such a mask where a click says so. */
const OPEN = 2;

/**
 * A mask as the low-res logits of an earlier pass: resized to model space, padded as outside,
 * brought to the decoder's size, and spread over ±8, or ±2 for a decoder that takes match maps.
 *
 * @returns lowResMask × lowResMask, row-major.
 */
export function maskToLogits(
  mask: Mask,
  { size, lowResMask, matched }: ModelGeometry,
): Float32Array {
  const certain = matched ? OPEN : CERTAIN;
  const padded = maskInModelSpace(mask, size);
  const axis = bilinearAxis(size, lowResMask);
  const low = resizeBilinear(padded, size, axis, axis);
  return Float32Array.from(low, (value) => (value / 255 * 2 - 1) * certain);
}
