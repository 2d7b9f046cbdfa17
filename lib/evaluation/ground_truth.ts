import { describeMask } from "../format/mask/document.ts";
import { squaredDepth } from "../numerics/depth.ts";
import type { Box, Point } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";

/** The tight box of a mask's non-zero pixels: inclusive corners in its frame; null for an empty mask. */
export function truthBox(mask: Mask): Box | null {
  return describeMask(mask).box;
}

/**
 * A positive click on the pixel deepest inside a mask, in its frame: the one at
 * the largest Euclidean distance from the outside, the image's border counting
 * as outside; the first in row-major order among equals; null for an empty mask.
 */
export function centrePoint(mask: Mask): Point | null {
  const depth = squaredDepth(mask);
  let deepest = 0;
  for (let i = 1; i < depth.length; i++) {
    if (depth[i] > depth[deepest]) deepest = i;
  }
  if (depth[deepest] === 0) return null;
  const x = deepest % mask.width;
  return { x, y: (deepest - x) / mask.width, label: 1 };
}
