import { resizeAntialiased } from "../numerics/resize.ts";
import { scaledSize } from "../core/geometry.ts";
import type { Raster } from "../core/raster.ts";

/** Shrinks a picture to a long side of `side` pixels, antialiased; a smaller one is returned as it is. */
export function shrink(raster: Raster, side: number): Raster {
  const { width, height, channels, data } = raster;
  if (Math.max(width, height) <= side) return raster;
  const to = scaledSize(raster, side);
  return {
    ...to,
    channels,
    data: resizeAntialiased(
      data,
      width,
      height,
      channels,
      to.width,
      to.height,
    ),
  };
}
