import { zstdDecompressSync } from "node:zlib";
import { readErrors } from "../../core/read_errors.ts";
import { inflate, MAX_DEFLATE_RATIO } from "../inflate.ts";

const { malformed, truncated, unsupported } = readErrors("TIFF");
const cut = (cause?: unknown) => truncated("inside a strip or tile", cause);

/** Compressions that are read: TIFF 6.0 §8, its technical notes, and libtiff's zstd. */
export const COMPRESSION = {
  none: 1,
  huffman: 2,
  fax3: 3,
  fax4: 4,
  lzw: 5,
  jpeg: 7,
  deflate: 8,
  packBits: 32773,
  oldDeflate: 32946,
  zstd: 50000,
} as const;

/** Compressions that are not read, by name. */
const OTHERS: Record<number, string> = {
  6: "old-style JPEG",
  32771: "word-aligned fax",
  32809: "ThunderScan",
  32909: "PixarLog",
  33003: "JPEG 2000",
  33004: "JPEG 2000",
  33005: "JPEG 2000",
  34661: "JBIG",
  34676: "SGI LogLuv",
  34677: "SGI LogLuv",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  34934: "JPEG XR",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL",
};

/** For messages. */
export const nameCompression = (compression: number): string =>
  OTHERS[compression] ?? `compression ${compression}`;

/** How many bytes a byte can become: 4096 from 12 bits of LZW; a block of 128 KiB from 4 bytes of zstd. */
const RATIOS: Record<number, number> = {
  [COMPRESSION.none]: 1,
  [COMPRESSION.lzw]: 2731,
  [COMPRESSION.packBits]: 64,
  [COMPRESSION.deflate]: MAX_DEFLATE_RATIO,
  [COMPRESSION.oldDeflate]: MAX_DEFLATE_RATIO,
  [COMPRESSION.zstd]: 32_768,
};

/** The most bytes that so many bytes can become; JPEG and fax have bounds of their own. */
export function mostBytes(held: number, compression: number): number {
  return (held + 1) * (RATIOS[compression] ?? Infinity);
}

/**
 * Uncompresses one strip or tile to at least `wanted` and at most `limit` bytes: none, LZW, Deflate, PackBits or zstd.
 * A segment that ends early is truncated, never padded.
 */
export function uncompress(
  segment: Uint8Array,
  compression: number,
  wanted: number,
  limit: number,
): Uint8Array {
  if (wanted > mostBytes(segment.length, compression)) throw cut();
  switch (compression) {
    case COMPRESSION.none:
      if (segment.length < wanted) throw cut();
      return segment.subarray(0, wanted);
    case COMPRESSION.lzw:
      return lzw(segment, wanted);
    case COMPRESSION.packBits:
      return packBits(segment, wanted);
    case COMPRESSION.zstd:
      return unzstd(segment, wanted, limit);
    default:
      return inflate(segment, wanted, limit, "TIFF");
  }
}

/** RFC 8878. A stream that is cut gives what it has. */
function unzstd(
  segment: Uint8Array,
  wanted: number,
  limit: number,
): Uint8Array {
  let out: Uint8Array;
  try {
    out = zstdDecompressSync(segment, {
      maxOutputLength: limit,
      chunkSize: Math.min(Math.max(wanted, 1024), 1 << 20),
    });
  } catch (cause) {
    throw malformed("its zstd data are damaged, or hold too much.", cause);
  }
  if (out.length < wanted) throw cut();
  return out;
}

/** TIFF 6.0 §9: a header byte n, then n + 1 literal bytes, or one byte 1 − n times. */
function packBits(segment: Uint8Array, wanted: number): Uint8Array {
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
