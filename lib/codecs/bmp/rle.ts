import { readErrors } from "../../core/read_errors.ts";
import type { Size } from "../../core/geometry.ts";

const { malformed, truncated } = readErrors("BMP");

const [END_OF_LINE, END_OF_PICTURE, DELTA] = [0, 1, 2];

/**
 * Expands the run lengths of a bitmap of 4 or 8 bits (`BI_RLE4`, `BI_RLE8`) to indices, line by line as stored. What
 * the codes skip is 0, as the format says; a file that ends before its last line, and not by a code, is cut.
 */
export function expandRuns(
  data: Uint8Array,
  { width, height }: Size,
  depth: 4 | 8,
): Uint8Array {
  const out = new Uint8Array(width * height);
  let [x, y] = [0, 0];
  const put = (index: number) => {
    if (x >= width || y >= height) {
      throw malformed("a run reaches over the picture.");
    }
    out[y * width + x++] = index;
  };
  const indexOf = (byte: number, i: number) =>
    depth === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15;
  for (let at = 0;;) {
    if (at + 2 > data.length) {
      // The code for the end may be missing.
      if (y === height || (y === height - 1 && x === width)) return out;
      throw truncated("inside its picture data");
    }
    const [count, value] = [data[at], data[at + 1]];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(indexOf(value, i));
    } else if (value === END_OF_LINE) {
      x = 0;
      y++;
    } else if (value === END_OF_PICTURE) return out;
    else if (value === DELTA) {
      if (at + 2 > data.length) throw truncated("inside its picture data");
      x += data[at];
      y += data[at + 1];
      at += 2;
    } else {
      const bytes = depth === 8 ? value : (value + 1) >> 1;
      if (at + bytes > data.length) throw truncated("inside its picture data");
      for (let i = 0; i < value; i++) {
        put(indexOf(data[at + (depth === 8 ? i : i >> 1)], i));
      }
      at += bytes + (bytes & 1);
    }
    if (x > width || y > height) {
      throw malformed("a run reaches over the picture.");
    }
  }
}
