import type { Point } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import { connectedPixels } from "../numerics/connected_pixels.ts";
import { squaredDepth } from "../numerics/depth.ts";

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

/**
 * The click that corrects a mask, made from the true mask as interactive segmentation is scored: on the pixel deepest
 * inside the largest piece (4-connected) of what is missing or of what is too much. It is positive on what is missing,
 * negative on what is too much; null where the masks are equal.
 */
export function simulatedClick(mask: Mask, truth: Mask): Point | null {
  const { width, height } = truth;
  /** 1 is missing, 2 is too much, 0 is right. */
  const errors = truth.data.map((inside, i) =>
    (inside !== 0) === (mask.data[i] !== 0) ? 0 : inside !== 0 ? 1 : 2
  );
  let largest: number[] = [];
  let label: Point["label"] = 1;
  const seen = new Uint8Array(errors.length);
  errors.forEach((error, start) => {
    if (error === 0 || seen[start]) return;
    const isSame = (pixel: number) => errors[pixel] === error;
    const piece = connectedPixels(start, truth, isSame, seen);
    if (piece.length <= largest.length) return;
    largest = piece;
    label = error === 1 ? 1 : 0;
  });
  const data = new Uint8Array(errors.length);
  for (const pixel of largest) data[pixel] = 255;
  const centre = centrePoint({ width, height, data });
  return centre && { ...centre, label };
}
