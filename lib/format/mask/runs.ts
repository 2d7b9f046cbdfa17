import type { Box, Size } from "../../core/geometry.ts";
import type { Mask } from "../../core/mask.ts";

/**
 * The runs of a mask's inside pixels, row by row: run i of row y, `rows[y] ≤ i < rows[y + 1]`, covers the pixels
 * `from[i]` up to `to[i]`, exclusive.
 */
export interface MaskRuns extends Size {
  rows: Int32Array;
  from: Int32Array;
  to: Int32Array;
}

/** Finds the runs; pixels other than 0 are inside. */
export function maskRuns({ width, height, data }: Mask): MaskRuns {
  const rows = new Int32Array(height + 1);
  const from: number[] = [];
  const to: number[] = [];
  const words = asWords(data);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const end = row + width;
    for (let at = nextInside(data, words, row, end); at < end;) {
      from.push(at - row);
      at = nextOutside(data, words, at, end);
      to.push(at - row);
      at = nextInside(data, words, at, end);
    }
    rows[y + 1] = from.length;
  }
  return {
    width,
    height,
    rows,
    from: Int32Array.from(from),
    to: Int32Array.from(to),
  };
}

/** The number of inside pixels, and the box around them or null where there are none. */
export function extentOf(
  { height, rows, from, to }: MaskRuns,
): { area: number; box: Box | null } {
  let area = 0;
  let [x0, y0, x1, y1] = [Infinity, -1, -1, -1];
  for (let y = 0; y < height; y++) {
    if (rows[y] === rows[y + 1]) continue;
    if (y1 < 0) y0 = y;
    y1 = y;
    x0 = Math.min(x0, from[rows[y]]);
    x1 = Math.max(x1, to[rows[y + 1] - 1] - 1);
    for (let i = rows[y]; i < rows[y + 1]; i++) area += to[i] - from[i];
  }
  return { area, box: area > 0 ? [x0, y0, x1, y1] : null };
}

/** The data four pixels at a time. */
function asWords(data: Uint8Array): Int32Array {
  const { buffer, byteOffset, length } = data.byteOffset % 4 === 0
    ? data
    : data.slice();
  return new Int32Array(buffer, byteOffset, length >> 2);
}

/** The first index in from..to of an inside pixel, or `to`; most pixels of most masks are outside. */
function nextInside(
  data: Uint8Array,
  words: Int32Array,
  from: number,
  to: number,
): number {
  let at = from;
  while (at < to && (at & 3) !== 0 && data[at] === 0) at++;
  if ((at & 3) === 0) {
    let word = at >> 2;
    const end = to >> 2;
    while (
      word + 4 <= end &&
      (words[word] | words[word + 1] | words[word + 2] | words[word + 3]) === 0
    ) word += 4;
    at = word << 2;
  }
  while (at < to && data[at] === 0) at++;
  return at;
}

/** The first index in from..to of an outside pixel, or `to`; inside pixels are most often 255. */
function nextOutside(
  data: Uint8Array,
  words: Int32Array,
  from: number,
  to: number,
): number {
  let at = from;
  while (at < to && (at & 3) !== 0 && data[at] !== 0) at++;
  if ((at & 3) === 0) {
    let word = at >> 2;
    const end = to >> 2;
    while (word < end && words[word] === -1) word++;
    at = word << 2;
  }
  while (at < to && data[at] !== 0) at++;
  return at;
}
