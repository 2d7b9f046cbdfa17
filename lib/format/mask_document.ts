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
  let [x0, y0, x1, y1] = [width, -1, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let first = nextInside(data, row, row + width) - row;
    if (first === width) continue;
    let last = width - 1;
    while (data[row + last] === 0) last--;
    if (y1 < 0) y0 = y;
    y1 = y;
    if (first < x0) x0 = first;
    if (last > x1) x1 = last;
    for (; first <= last; first++) if (data[row + first] !== 0) area++;
  }
  const box: Box | null = area > 0 ? [x0, y0, x1, y1] : null;
  return {
    ...encodeRle(mask, box),
    area,
    box,
    polygons: box === null ? [] : outline(mask, box),
  };
}

/** The first index in from..to of an inside pixel, or `to`; most pixels of most masks are outside. */
function nextInside(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (
    at + 8 <= to &&
    (data[at] | data[at + 1] | data[at + 2] | data[at + 3] | data[at + 4] |
        data[at + 5] | data[at + 6] | data[at + 7]) === 0
  ) at += 8;
  while (at < to && data[at] === 0) at++;
  return at;
}
