import type { Size } from "./geometry.ts";
import type { Warning } from "./warnings.ts";

/** A binary mask of an image: 255 inside, 0 outside; height × width, row-major. */
export interface Mask extends Size {
  data: Uint8Array;
}

/** What the pixels of a mask file meant. */
export const MASK_KINDS = [
  /** One value besides 0. */
  "binary",
  /** One label of a label map. */
  "label",
  /** Anti-aliased edges or probabilities, cut at a threshold. */
  "soft",
  /** The opaque part of a picture. */
  "alpha",
  /** A segment of a DICOM segmentation. */
  "segment",
  /** The contours of a region of interest of a DICOM structure set. */
  "contours",
] as const;

/** How a mask was read, so that nothing is decided in silence. */
export interface MaskReading {
  kind: typeof MASK_KINDS[number];
  /** The label, segment or region of interest that was taken; null where the file holds a single structure. */
  value: number | null;
  /** Values from this on belong to the structure; null where none was cut. */
  threshold: number | null;
  /** Pixels of the structure, and their share of the image, 0..1. */
  pixels: number;
  share: number;
}

/** A mask, how it was read, and doubts about its file. */
export interface ReadMask {
  mask: Mask;
  reading: MaskReading;
  warnings: Warning[];
}

/** States how a mask was read. */
export function describeReading(
  mask: Mask,
  kind: MaskReading["kind"],
  { value = null, threshold = null }: {
    value?: number | null;
    threshold?: number | null;
  } = {},
): MaskReading {
  let pixels = 0;
  for (const inside of mask.data) if (inside !== 0) pixels++;
  return { kind, value, threshold, pixels, share: pixels / mask.data.length };
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
