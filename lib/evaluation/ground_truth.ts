import { describeMask } from "../format/mask/document.ts";
import { squaredDepth } from "../numerics/depth.ts";
import type { Box, Point } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";

/** The tight box of a mask's non-zero pixels, with inclusive corners; null for an empty mask. */
export function truthBox(mask: Mask): Box | null {
  return describeMask(mask).box;
}

/**
 * A positive click on the pixel deepest inside a mask: the one at the largest Euclidean distance from the outside, the
 * image's border counting as outside; the first in row-major order among equals; null for an empty mask.
 */
export function centrePoint(mask: Mask): Point | null {
  const depths = squaredDepth(mask);
  let deepest = 0;
  let greatest = 0;
  depths.forEach((depth, i) => {
    if (depth > greatest) [deepest, greatest] = [i, depth];
  });
  if (greatest === 0) return null;
  const x = deepest % mask.width;
  return { x, y: (deepest - x) / mask.width, label: 1 };
}
