import { EdgeError } from "../errors.ts";
import type { Box, Mask } from "../pipeline/types.ts";

/**
 * A binary mask as COCO compressed run-length encoding: runs of outside and inside pixels in turn,
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
 * @param box inclusive corners that hold every inside pixel, or null where there is none; default the whole mask.
 */
export function encodeRle(
  mask: Mask,
  box: Box | null = [0, 0, mask.width - 1, mask.height - 1],
): Rle {
  const { width, height, data } = mask;
  const [x0, y0, x1, y1] = box ?? [0, 0, -1, -1];
  const runs: number[] = [];
  let inside = false;
  let start = 0; // of the present run, down the columns
  for (let x = x0; x <= x1; x++) {
    for (let y = y0; y <= y1; y++) {
      if ((data[y * width + x] !== 0) === inside) continue;
      const at = x * height + y;
      runs.push(at - start);
      start = at;
      inside = !inside;
    }
    // What follows the column, up to the box's next one, is outside; there may be none of it.
    const at = x * height + y1 + 1;
    const borders = y1 < height - 1 || y0 > 0 || x === x1;
    if (!inside || !borders || at === width * height) continue;
    runs.push(at - start);
    start = at;
    inside = false;
  }
  runs.push(width * height - start);
  return { size: [height, width], counts: compress(runs) };
}

/**
 * Decodes to 255 inside, 0 outside.
 *
 * @throws EdgeError `invalid-input` when the text is no such encoding or its runs do not fill the size.
 */
export function decodeRle({ size: [height, width], counts }: Rle): Mask {
  const wrong = (why: string) =>
    new EdgeError(
      "invalid-input",
      `Cannot read the run-length encoding: ${why}.`,
    );
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
      throw wrong("its runs do not fit the size");
    }
    if (inside) {
      for (let k = at; k < at + run; k++) {
        data[(k % height) * width + Math.floor(k / height)] = 255;
      }
    }
    at += run;
    runs.push(run);
    inside = !inside;
  }
  if (at !== data.length) throw wrong("its runs do not fill the size");
  return { width, height, data };
}

function compress(runs: number[]): string {
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
