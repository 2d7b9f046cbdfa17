import { mulberry32 } from "../../../lib/numerics/random.ts";
import type { Raster } from "../../../lib/core/raster.ts";
import type { Mask } from "../../../lib/core/mask.ts";
import type { Size } from "../../../lib/core/geometry.ts";

/** A generated picture, RGB, and the structure in it. */
export interface Picture {
  image: Raster & { channels: 3 };
  mask: Mask;
}

/**
 * A textured ellipse that covers `share` of a textured background; the seed moves it and draws the noise.
 * For timing at any size; the picture has no meaning.
 */
export function drawPicture(
  width: number,
  height: number,
  share: number,
  seed: number,
): Picture {
  const random = mulberry32(seed);
  const [x0, y0] = [0.45 + 0.1 * random(), 0.45 + 0.1 * random()];
  const radius = Math.sqrt(share / Math.PI);
  const image = new Uint8Array(width * height * 3);
  const mask = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const v = y / height;
    for (let x = 0; x < width; x++, at++) {
      const u = x / width;
      const inside = (u - x0) ** 2 + (v - y0) ** 2 < radius ** 2;
      if (inside) mask[at] = 255;
      const texture = Math.sin((inside ? 90 : 25) * u + 3 * Math.sin(20 * v));
      const noise = 40 * random();
      for (let c = 0; c < 3; c++) {
        const base = inside ? 150 - 20 * c : 70 + 15 * c;
        image[3 * at + c] = base + 35 * texture * (c + 1) / 3 + noise;
      }
    }
  }
  return {
    image: { width, height, channels: 3, data: image },
    mask: { width, height, data: mask },
  };
}

/** Low-res logits, side × side over the padded model space, of an ellipse that covers `share` of the image. */
export function drawLogits(
  { width, height }: Size,
  side: number,
  share: number,
  seed: number,
): Float32Array {
  const random = mulberry32(seed);
  const [x0, y0] = [0.45 + 0.1 * random(), 0.45 + 0.1 * random()];
  const radius = Math.sqrt(share / Math.PI);
  const scale = side / Math.max(width, height);
  return Float32Array.from({ length: side * side }, (_, i) => {
    const u = (i % side + 0.5) / (width * scale);
    const v = (Math.floor(i / side) + 0.5) / (height * scale);
    return 40 * (radius - Math.hypot(u - x0, v - y0)) + random() - 0.5;
  });
}
