import { resizeAntialiased } from "../numerics/resize.ts";
import type { Raster } from "../core/raster.ts";
import { scaledSize } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import type { ModelGeometry } from "./types.ts";

/**
 * An image as the encoder takes it: the long side resized to S as Pillow does, normalised per channel, then zero-padded
 * at the bottom and the right. A grey image is repeated in all three channels.
 *
 * @returns [1, 3, S, S] float32, model space.
 */
export function preprocess(
  { data, width, height, channels }: Raster,
  { size, mean, std }: Pick<ModelGeometry, "size" | "mean" | "std">,
): Float32Array {
  const scaled = scaledSize({ width, height }, size);
  const resized = resizeAntialiased(
    data,
    width,
    height,
    channels,
    scaled.width,
    scaled.height,
  );
  const input = new Float32Array(3 * size * size);
  for (let c = 0; c < 3; c++) {
    const normal = Float32Array.from(
      { length: 256 },
      (_, value) => (value - mean[c]!) / std[c]!,
    );
    let from = channels === 1 ? 0 : c;
    for (let y = 0; y < scaled.height; y++) {
      const row = (c * size + y) * size;
      for (let x = 0; x < scaled.width; x++, from += channels) {
        input[row + x] = normal[resized[from]!]!;
      }
    }
  }
  return input;
}

/**
 * A mask in model space: resized like an image, zero-padded at bottom and right.
 *
 * @returns S × S, row-major, 0..255.
 */
export function maskInModelSpace(mask: Mask, size: number): Uint8Array {
  const scaled = scaledSize(mask, size);
  const resized = resizeAntialiased(
    mask.data,
    mask.width,
    mask.height,
    1,
    scaled.width,
    scaled.height,
  );
  const padded = new Uint8Array(size * size);
  for (let y = 0; y < scaled.height; y++) {
    padded.set(
      resized.subarray(y * scaled.width, (y + 1) * scaled.width),
      y * size,
    );
  }
  return padded;
}
