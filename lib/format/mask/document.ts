import type { Box } from "../../core/geometry.ts";
import type { Mask } from "../../core/mask.ts";
import { maskRuns } from "./runs.ts";
import { outline, type Ring } from "./polygons.ts";
import { encodeRuns, type Rle } from "./rle.ts";

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
  const runs = maskRuns(mask);
  const { rows, from, to, height } = runs;
  let area = 0;
  let [x0, y0, x1, y1] = [Infinity, -1, -1, -1];
  for (let y = 0; y < height; y++) {
    if (rows[y] === rows[y + 1]) continue;
    if (y1 < 0) y0 = y;
    y1 = y;
    x0 = Math.min(x0, from[rows[y]]);
    x1 = Math.max(x1, to[rows[y + 1] - 1] - 1);
    for (let i = rows[y]; i < rows[y + 1]; i++) area += to[i] - from[i];
  }
  return {
    ...encodeRuns(runs),
    area,
    box: area > 0 ? [x0, y0, x1, y1] : null,
    polygons: outline(runs),
  };
}
