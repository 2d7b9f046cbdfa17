import type { Box, Mask } from "../pipeline/types.ts";
import { outline, type Ring } from "./polygons.ts";
import { encodeRle, type Rle } from "./rle.ts";

/** A mask as the HTTP contract gives it. */
export interface MaskDocument extends Rle {
  /** Inside pixels. */
  area: number;
  /** Inclusive corners x0, y0, x1, y1 of the inside pixels, or null for an empty mask. */
  box: Box | null;
  /** Rings to be filled by the even-odd rule. */
  polygons: Ring[];
}

/** Describes a mask; pixels other than 0 are inside. */
export function describeMask(mask: Mask): MaskDocument {
  const { width, height, data } = mask;
  let area = 0;
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      area++;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
  }
  const box: Box | null = area > 0 ? [x0, y0, x1, y1] : null;
  return {
    ...encodeRle(mask, box ?? [0, 0, -1, -1]),
    area,
    box,
    polygons: box === null ? [] : outline(mask, box),
  };
}
