import type { Mask } from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";

/** How far mean colours may differ: this share of the standard deviation, and these grey levels. */
const SPREAD = 0.5;
const LEVELS = 4;

/**
 * Whether one part of a picture has the colour of another: in every channel its mean differs from that of the other by
 * no more than half the other's own standard deviation and a few levels.
 *
 * @param part, other masks of the picture's size, not empty; non-zero inside.
 */
export function hasColourOf(
  picture: Raster,
  part: Mask,
  other: Mask,
): boolean {
  const found = coloursOf(picture, part);
  return coloursOf(picture, other).every(({ mean, spread }, channel) =>
    Math.abs(found[channel].mean - mean) <= SPREAD * spread + LEVELS
  );
}

/** Mean and standard deviation of each channel within a mask. */
function coloursOf({ data, channels }: Raster, mask: Mask) {
  return Array.from({ length: channels }, (_, channel) => {
    let [count, sum, squares] = [0, 0, 0];
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i] === 0) continue;
      const value = data[i * channels + channel];
      count++;
      sum += value;
      squares += value * value;
    }
    const mean = sum / count;
    const spread = Math.sqrt(Math.max(0, squares / count - mean * mean));
    return { mean, spread };
  });
}
