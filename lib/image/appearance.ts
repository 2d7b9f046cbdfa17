import type { Mask } from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";

/** How far colours may lie apart: this share of the standard deviation, and these grey levels. */
const SPREAD = 0.25;
const LEVELS = 4;

/**
 * Whether one part of a picture has the colours of another: in every channel, the distance between their distributions
 * (earth mover's, in grey levels) is no more than a quarter of the other's standard deviation and a few levels. A mix of
 * light and dark so differs from a grey of the same mean.
 *
 * @param part, other masks of the picture's size, not empty; non-zero inside.
 */
export function hasColourOf(
  picture: Raster,
  part: Mask,
  other: Mask,
): boolean {
  for (let channel = 0; channel < picture.channels; channel++) {
    const found = sharesOf(picture, part, channel);
    const wanted = sharesOf(picture, other, channel);
    const most = SPREAD * deviationOf(wanted) + LEVELS;
    if (distanceOf(found, wanted) > most) return false;
  }
  return true;
}

/** The share of a mask's pixels that has each of the 256 levels of a channel. */
function sharesOf(
  { data, channels }: Raster,
  mask: Mask,
  channel: number,
): Float64Array {
  const shares = new Float64Array(256);
  let count = 0;
  for (let i = 0; i < mask.data.length; i++) {
    if (mask.data[i] === 0) continue;
    shares[data[i * channels + channel]]++;
    count++;
  }
  return shares.map((one) => one / count);
}

function deviationOf(shares: Float64Array): number {
  let [mean, squares] = [0, 0];
  shares.forEach((share, level) => {
    mean += share * level;
    squares += share * level * level;
  });
  return Math.sqrt(Math.max(0, squares - mean * mean));
}

/** Earth mover's distance of two distributions over the levels: the area between their cumulative ones. */
function distanceOf(one: Float64Array, other: Float64Array): number {
  let [ahead, distance] = [0, 0];
  for (let level = 0; level < one.length; level++) {
    ahead += one[level] - other[level];
    distance += Math.abs(ahead);
  }
  return distance;
}
