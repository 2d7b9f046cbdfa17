import type { Box } from "../../core/geometry.ts";
import type { Mask } from "../../core/mask.ts";
import { extentOf, maskRuns } from "./runs.ts";
import { outline, type Ring } from "./polygons.ts";
import { encodeRuns, type Rle } from "./rle.ts";

/** A mask as it stands in answers of the HTTP contract. */
export interface MaskDocument extends Rle {
  /** Number of inside pixels. */
  area: number;
  /** Inclusive corners x0, y0, x1, y1 of the inside pixels, or null for an empty mask. */
  box: Box | null;
  /** Rings to be filled by the even-odd rule. */
  polygons: Ring[];
}

/** Describes a mask; pixels other than 0 are inside. */
export function describeMask(mask: Mask): MaskDocument {
  const runs = maskRuns(mask);
  return { ...encodeRuns(runs), ...extentOf(runs), polygons: outline(runs) };
}
