import type { GreyRange } from "./grey_histogram.ts";
import type { SampleArray } from "./sample_array.ts";

/** How far outside of the range of the others a value must lie, in lengths of that range. */
const FAR = 8;

/**
 * Shows hot and dead pixels of a detector like their neighbours: single pixels whose value lies far outside of the range
 * in which the others are shown. A few that touch each other are no such pixels.
 *
 * @param levels height × width, the grey levels as shown; changed in place.
 * @param values the values of the same pixels.
 * @param range of the values.
 * @returns how many there were.
 */
export function mendHotPixels(
  levels: Uint8Array,
  values: SampleArray,
  width: number,
  range: GreyRange,
): number {
  const reach = FAR * (range.high - range.low);
  const [least, most] = [range.low - reach, range.high + reach];
  if (range.least >= least && range.most <= most) return 0;
  // Written so that what is no number is not far.
  const isFar = (i: number) => values[i] < least || values[i] > most;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!isFar(i)) continue;
    const near = neighboursOf(i, width, values.length);
    if (near.length === 0 || near.some(isFar)) continue;
    const sorted = near.map((at) => levels[at]).sort((a, b) => a - b);
    levels[i] = sorted[sorted.length >> 1];
    count++;
  }
  return count;
}

/** The up to eight pixels around one. */
function neighboursOf(at: number, width: number, length: number): number[] {
  const column = at % width;
  const near: number[] = [];
  for (const row of [at - width, at, at + width]) {
    if (row < 0 || row >= length) continue;
    if (column > 0) near.push(row - 1);
    if (row !== at) near.push(row);
    if (column < width - 1) near.push(row + 1);
  }
  return near;
}
