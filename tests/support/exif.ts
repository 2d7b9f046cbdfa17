import { crc32 } from "node:zlib";
import { concat } from "../../lib/core/bytes.ts";

/** Bytes of a PNG up to the end of its IHDR chunk. */
const IHDR_END = 33;

/** A PNG with an EXIF block whose own directory has these texts. */
export function withExif(
  png: Uint8Array,
  texts: Record<number, string>,
): Uint8Array<ArrayBuffer> {
  const block = exifBlock(texts);
  const chunk = new Uint8Array(12 + block.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, block.length);
  chunk.set(new TextEncoder().encode("eXIf"), 4);
  chunk.set(block, 8);
  const covered = chunk.subarray(4, 8 + block.length);
  view.setUint32(8 + block.length, crc32(covered));
  return concat([png.subarray(0, IHDR_END), chunk, png.subarray(IHDR_END)]);
}

/** Little-endian: a directory with a pointer to another one, which has the texts. */
function exifBlock(texts: Record<number, string>): Uint8Array {
  const entries = Object.entries(texts);
  const own = 8 + 2 + 12 + 4;
  let free = own + 2 + 12 * entries.length + 4;
  const size = free + entries.reduce((n, [, text]) => n + text.length + 1, 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode("II*\0"));
  view.setUint32(4, 8, true);
  const entry = (at: number, values: number[]) => {
    const [tag, type, count, value] = values as [
      number,
      number,
      number,
      number,
    ];
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
  };
  view.setUint16(8, 1, true);
  entry(10, [34665, 4, 1, own]);
  view.setUint16(own, entries.length, true);
  entries.forEach(([tag, text], i) => {
    entry(own + 2 + 12 * i, [Number(tag), 2, text.length + 1, free]);
    out.set(new TextEncoder().encode(text), free);
    free += text.length + 1;
  });
  return out;
}
