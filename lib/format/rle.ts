import { EdgeError } from "../errors.ts";
import type { Mask } from "../pipeline/types.ts";

/**
 * A binary mask as COCO compressed run-length encoding: runs of outside and inside pixels in turn,
 * column by column, written six bits a character (pycocotools `counts`).
 */
export interface Rle {
  /** height, width. */
  size: [number, number];
  counts: string;
}

/** Encodes a mask; pixels other than 0 are inside. */
export function encodeRle(mask: Mask): Rle {
  const { width, height, data } = mask;
  const runs: number[] = [];
  let inside = false;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((data[y * width + x] !== 0) !== inside) {
        runs.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  }
  runs.push(run);
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
