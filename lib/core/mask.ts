import type { Size } from "./geometry.ts";

/** A binary mask of an image: 255 inside, 0 outside; height × width, row-major. */
export interface Mask extends Size {
  data: Uint8Array;
}

/** A mask with no pixel inside. */
export const emptyMask = ({ width, height }: Size): Mask => ({
  width,
  height,
  data: new Uint8Array(width * height),
});

/**
 * Dice's coefficient, 2 |A ∩ B| / (|A| + |B|), of the values above 0 in two arrays of one length; 1 where both hold
 * none.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * equal(dice(Uint8Array.of(255, 255, 0), Uint8Array.of(0, 255, 0)), 2 / 3);
 * ```
 */
export function dice(
  a: Float32Array | Uint8Array,
  b: Float32Array | Uint8Array,
): number {
  let both = 0, sum = 0;
  for (let i = 0; i < a.length; i++) {
    const inA = a[i]! > 0 ? 1 : 0, inB = b[i]! > 0 ? 1 : 0;
    both += inA & inB;
    sum += inA + inB;
  }
  return sum === 0 ? 1 : 2 * both / sum;
}
