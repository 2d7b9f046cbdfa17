import { squaredDepth } from "../numerics/depth.ts";
import type { Mask } from "../core/mask.ts";
import type { Point } from "../core/geometry.ts";

/**
 * The click of somebody who knows the truth, as interactive segmentation is scored: on the pixel deepest inside the
 * largest piece of what is missing or too much, pixels hanging together side to side; positive for what is
 * missing, negative for what is too much. Null where nothing is wrong.
 */
export function simulatedClick(mask: Mask, truth: Mask): Point | null {
  const { width, height } = truth;
  const kinds = truth.data.map((inside, i) =>
    (inside !== 0) === (mask.data[i] !== 0) ? 0 : inside !== 0 ? 1 : 2
  );
  let largest: number[] = [];
  const seen = new Uint8Array(kinds.length);
  for (let start = 0; start < kinds.length; start++) {
    if (kinds[start] === 0 || seen[start]) continue;
    const piece = [start];
    seen[start] = 1;
    for (let next = 0; next < piece.length; next++) {
      const pixel = piece[next];
      const x = pixel % width;
      const visit = (other: number) => {
        if (seen[other] || kinds[other] !== kinds[start]) return;
        seen[other] = 1;
        piece.push(other);
      };
      if (x > 0) visit(pixel - 1);
      if (x < width - 1) visit(pixel + 1);
      if (pixel >= width) visit(pixel - width);
      if (pixel < width * (height - 1)) visit(pixel + width);
    }
    if (piece.length > largest.length) largest = piece;
  }
  if (largest.length === 0) return null;
  const data = new Uint8Array(kinds.length);
  for (const pixel of largest) data[pixel] = 255;
  const depth = squaredDepth({ width, height, data });
  const deepest = largest.reduce((best, pixel) =>
    depth[pixel] > depth[best] || depth[pixel] === depth[best] && pixel < best
      ? pixel
      : best
  );
  const x = deepest % width;
  const label = kinds[deepest] === 1 ? 1 : 0;
  return { x, y: (deepest - x) / width, label };
}
