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
