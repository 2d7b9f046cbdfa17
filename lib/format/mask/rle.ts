import { invalidInput } from "../../core/errors.ts";
import type { Mask } from "../../core/mask.ts";
import { type MaskRuns, maskRuns } from "./runs.ts";

/**
 * A binary mask as COCO compressed run-length encoding: the lengths of runs of outside and inside pixels in turn,
 * column by column, written six bits a character (pycocotools `counts`).
 */
export interface Rle {
  /** height, width. */
  size: [number, number];
  counts: string;
}

/**
 * Encodes a mask; pixels other than 0 are inside.
 *
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 *
 * const data = Uint8Array.of(0, 255, 0, 0, 255, 255); // 3 columns, 2 rows
 * const mask = { width: 3, height: 2, data };
 * const rle = encodeRle(mask);
 * // Column by column: 2 outside, 2 inside, 1 outside, 1 inside.
 * deepEqual(rle, { size: [2, 3], counts: "221O" });
 * deepEqual(decodeRle(rle), mask);
 * ```
 */
export function encodeRle(mask: Mask): Rle {
  return encodeRuns(maskRuns(mask));
}

/** Encodes a mask given by the runs of its rows: the runs of its columns begin and end where two rows differ. */
export function encodeRuns(runs: MaskRuns): Rle {
  const { width, height } = runs;
  // Where each column changes, from the row above the mask to the one below, counted first.
  const starts = new Int32Array(width + 1);
  visitDifferences(runs, (_, from, to) => {
    for (let x = from; x < to; x++) starts[x + 1]++;
  });
  for (let x = 0; x < width; x++) starts[x + 1] += starts[x];
  const changes = new Int32Array(starts[width]);
  const filled = starts.slice(0, width);
  visitDifferences(runs, (y, from, to) => {
    for (let x = from; x < to; x++) changes[filled[x]++] = x * height + y;
  });
  // A column's end and the next one's beginning are one place: changes there cancel each other.
  const counts: number[] = [];
  let start = 0;
  for (let i = 0; i < changes.length; i++) {
    if (changes[i] === changes[i + 1]) i++;
    else if (changes[i] < width * height) {
      counts.push(changes[i] - start);
      start = changes[i];
    }
  }
  counts.push(width * height - start);
  return { size: [height, width], counts: compressCounts(counts) };
}

/** Visits every row, including the one below the mask, with the columns from..to that differ from the row above. */
function visitDifferences(
  { height, rows, from, to }: MaskRuns,
  visit: (y: number, from: number, to: number) => void,
): void {
  const change = (k: number) => (k & 1) === 0 ? from[k >> 1] : to[k >> 1];
  for (let y = 0; y <= height; y++) {
    let above = y > 0 ? 2 * rows[y - 1] : 0;
    const endAbove = 2 * rows[y > 0 ? y : 0];
    let below = 2 * rows[y];
    const endBelow = y < height ? 2 * rows[y + 1] : below;
    let start = -1;
    while (above < endAbove || below < endBelow) {
      const upper = above < endAbove ? change(above) : Infinity;
      const lower = below < endBelow ? change(below) : Infinity;
      if (upper <= lower) above++;
      if (lower <= upper) below++;
      if (upper === lower) continue;
      const at = Math.min(upper, lower);
      if (start >= 0) visit(y, start, at);
      start = start < 0 ? at : -1;
    }
  }
}

/**
 * Decodes to a mask.
 *
 * @throws {EdgeError} `invalid-input` where the text is no such encoding or its runs do not fill the size.
 */
export function decodeRle({ size: [height, width], counts }: Rle): Mask {
  const wrong = (why: string) =>
    invalidInput(`Cannot read the run-length encoding: ${why}.`);
  const data = new Uint8Array(width * height);
  const runs: number[] = [];
  let at = 0;
  let inside = false;
  for (let i = 0; i < counts.length;) {
    let run = 0;
    let shift = 0;
    for (let more = true; more; shift += 5) {
      const code = counts.charCodeAt(i++) - 48;
      if (!(code >= 0 && code < 64)) {
        throw wrong("it has a character outside its alphabet");
      }
      if (shift > 25) throw wrong("a run is too long");
      run |= (code & 31) << shift;
      more = (code & 32) !== 0;
      if (!more && (code & 16) !== 0) run |= -1 << (shift + 5);
    }
    if (runs.length > 2) run += runs[runs.length - 2];
    if (run < 0 || at + run > data.length) {
      throw wrong(`its runs do not fit the size, ${height} × ${width}`);
    }
    if (inside) fill(data, at, run, height);
    at += run;
    runs.push(run);
    inside = !inside;
  }
  if (at !== data.length) {
    throw wrong(
      `its runs do not fill the size, ${height} × ${width}: they hold ${at} pixels`,
    );
  }
  return { width, height, data };
}

/** Marks a run of pixels, counted down the columns. */
function fill(data: Uint8Array, from: number, run: number, height: number) {
  const width = data.length / height;
  let x = Math.floor(from / height);
  let y = from % height;
  for (let left = run; left > 0; left--) {
    data[y * width + x] = 255;
    if (++y < height) continue;
    y = 0;
    x++;
  }
}

/** Writes uncompressed `counts` (whole numbers from 0 to 2³¹ - 1) as text. */
export function compressCounts(runs: number[]): string {
  let out = "";
  for (let i = 0; i < runs.length; i++) {
    let value = i > 2 ? runs[i] - runs[i - 2] : runs[i];
    for (let more = true; more;) {
      let code = value & 31;
      value >>= 5;
      more = (code & 16) !== 0 ? value !== -1 : value !== 0;
      if (more) code |= 32;
      out += String.fromCharCode(code + 48);
    }
  }
  return out;
}
