import { readErrors } from "../../core/read_errors.ts";
import { inflate } from "../inflate.ts";

const { malformed, truncated, unsupported } = readErrors("TIFF");
const cut = () => truncated("inside a strip or tile");

/**
 * Uncompresses one strip or tile to at least `wanted` and at most `limit` bytes: none (1), LZW (5), Deflate (8 and
 * 32946) or PackBits (32773). A segment that ends early is truncated, never padded.
 */
export function uncompress(
  segment: Uint8Array,
  compression: number,
  wanted: number,
  limit: number,
): Uint8Array {
  switch (compression) {
    case 1:
      if (segment.length < wanted) throw cut();
      return segment.slice(0, wanted);
    case 5:
      return lzw(segment, wanted);
    case 32773:
      return packBits(segment, wanted);
    default:
      return inflate(segment, wanted, limit, "TIFF");
  }
}

/** TIFF 6.0 §9: a header byte n, then n + 1 literal bytes, or one byte 1 − n times. */
function packBits(segment: Uint8Array, wanted: number): Uint8Array {
  if (wanted > segment.length * 64) throw cut();
  const out = new Uint8Array(wanted);
  let to = 0;
  for (let at = 0; to < wanted;) {
    if (at + 1 >= segment.length) throw cut();
    const n = segment[at++];
    if (n < 128) {
      if (at + n + 1 > segment.length) throw cut();
      out.set(segment.subarray(at, at + Math.min(n + 1, wanted - to)), to);
      at += n + 1;
      to += n + 1;
    } else if (n > 128) {
      out.fill(segment[at++], to, to + 257 - n);
      to += 257 - n;
    }
  }
  return out;
}

/** The codes that clear the table and that end the data. */
const CLEAR = 256;
const END = 257;

/**
 * TIFF 6.0 §13: codes of 9 to 12 bits, high bits first, growing one code early. A table entry is the string before it
 * plus one byte, and both stand next to each other in the output already; so an entry is only a start and a length
 * there.
 */
function lzw(segment: Uint8Array, wanted: number): Uint8Array {
  if (segment[0] === 0 && (segment[1] & 1) === 1) {
    throw unsupported("LZW as in TIFF 6.0", "an older coding");
  }
  if (wanted > segment.length * 2731) throw cut(); // 4096 bytes from 12 bits
  const out = new Uint8Array(wanted);
  const starts = new Uint32Array(4096);
  const lengths = new Uint16Array(4096);
  let to = 0;
  let next = 258;
  let width = 9;
  let previous = -1; // where the string before starts, −1 after a clear code
  let previousLength = 0;
  let buffer = 0;
  let held = 0;
  let at = 0;
  while (to < wanted) {
    while (held < width) {
      if (at >= segment.length) throw cut();
      buffer = ((buffer << 8) | segment[at++]) & 0xffffff;
      held += 8;
    }
    held -= width;
    const code = (buffer >> held) & ((1 << width) - 1);
    if (code === CLEAR) {
      next = 258;
      width = 9;
      previous = -1;
      continue;
    }
    if (code === END) throw cut();
    if (previous >= 0 && next < 4096) { // the string before and the next byte
      starts[next] = previous;
      lengths[next] = previousLength + 1;
      next++;
      if (next + 1 === 1 << width && width < 12) width++;
    }
    const start = to;
    if (code < 256) out[to++] = code;
    else {
      if (code >= next) throw malformed("its LZW data are damaged.");
      const from = starts[code];
      const length = lengths[code];
      // Byte by byte: the newest entry's last byte is the first one written
      // here.
      for (let i = 0; i < length && to < wanted; i++) out[to++] = out[from + i];
    }
    previous = start;
    previousLength = code < 256 ? 1 : lengths[code];
  }
  return out;
}
