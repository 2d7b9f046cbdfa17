import type { SampleArray } from "../codecs/sample_array.ts";
import type { Samples } from "../codecs/samples.ts";
import type { Size } from "../core/geometry.ts";

/** Neighbours of a plateau differ by at most this share of the greatest value: a coded block without an edge. */
const FLAT = 1 / 64;
/** Share of the greatest value from which values are far from it, and from 0. */
const FAR = 1 / 8;
/** As many far pixels for each pixel of the outline as coding alone leaves there. */
const BLURRED = 1.5;
/** Most tips (no lower than their neighbours, or no higher) and plateaus, as shares of the far pixels. */
const MOST_TIPS = 0.04;
const MOST_PLATEAUS = 0.1;
/** How far the parts of a colour may lie from the mean colour, in 0..1, and how many pixels may lie further. */
const HUE = 0.25;
const MOST_OFF = 0.15;

/**
 * Whether the coded intensities of one structure explain what a lossy coding has left: pixels between 0 and the
 * greatest value lie along the outline, or on smooth slopes. Labels leave plateaus and hills of their own, and a
 * picture hills and valleys.
 *
 * @param values H×W, 0 to `greatest`.
 */
export function isOneStructure(
  values: SampleArray,
  { width, height }: Size,
  greatest: number,
): boolean {
  let outline = 0, far = 0, tips = 0, plateaus = 0;
  for (let y = 0; y < height; y++) {
    const top = Math.max(y - 1, 0) * width;
    const bottom = Math.min(y + 1, height - 1) * width;
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      if (value <= greatest * FAR) continue;
      const left = Math.max(x - 1, 0);
      const right = Math.min(x + 1, width - 1);
      let low = value, high = value;
      for (let row = top; row <= bottom; row += width) {
        for (let at = row + left; at <= row + right; at++) {
          if (values[at] < low) low = values[at];
          else if (values[at] > high) high = values[at];
        }
      }
      if (value >= greatest / 2 && low < greatest / 2) outline++;
      if (value >= greatest * (1 - FAR)) continue;
      far++;
      if (high - low <= greatest * FLAT) plateaus++;
      else if (low === value || high === value) tips++;
    }
  }
  return plateaus <= far * MOST_PLATEAUS &&
    (far <= outline * BLURRED || tips <= far * MOST_TIPS);
}

/** Whether the pixels of at least half the greatest intensity have one colour, but for what a lossy coding changes. */
export function isOneHue(
  { channels, data }: Samples,
  values: SampleArray,
  greatest: number,
): boolean {
  const mean = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < greatest / 2) continue;
    count++;
    for (let c = 0; c < channels; c++) {
      mean[c] += data[i * channels + c] / values[i];
    }
  }
  let off = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < greatest / 2) continue;
    for (let c = 0; c < channels; c++) {
      const part = data[i * channels + c] / values[i];
      if (Math.abs(part - mean[c] / count) <= HUE) continue;
      off++;
      break;
    }
  }
  return off <= count * MOST_OFF;
}
