import { resizeAntialiased } from "../numerics/resize.ts";
import { scaledSize } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";

/** Shrinks a picture to a long side of `side` pixels, antialiased; a smaller one is returned as it is. */
export function shrink(raster: Raster, side: number): Raster {
  const { width, height, channels, data } = raster;
  if (Math.max(width, height) <= side) return raster;
  const to = scaledSize(raster, side);
  const size = [width, height, channels, to.width, to.height] as const;
  return { ...to, channels, data: resizeAntialiased(data, ...size) };
}

/** Resizes a mask by taking the nearest pixel. */
export function resizeNearest(mask: Mask, width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = Math.floor((y + 0.5) * mask.height / height) * mask.width;
    for (let x = 0; x < width; x++) {
      data[y * width + x] =
        mask.data[from + Math.floor((x + 0.5) * mask.width / width)];
    }
  }
  return { width, height, data };
}
