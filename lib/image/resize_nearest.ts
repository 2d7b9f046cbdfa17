import type { Mask } from "../core/mask.ts";

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
