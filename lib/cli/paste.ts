import type { Raster } from "../core/raster.ts";

/** Copies an RGB picture onto a larger one, its top left corner to (`left`, `top`). */
export function paste(
  onto: Raster,
  { width, height, data }: Raster,
  left: number,
  top: number,
): void {
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width * 3, (y + 1) * width * 3);
    onto.data.set(row, ((top + y) * onto.width + left) * 3);
  }
}
