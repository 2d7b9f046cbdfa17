import { readErrors } from "../../core/read_errors.ts";
import type { Size } from "../../core/geometry.ts";

/** The bits of a pixel that hold red, green, blue and opacity; 0 for none. */
export type Masks = [red: number, green: number, blue: number, alpha: number];

/** The headers of a bitmap (Windows `BITMAPFILEHEADER` and `BITMAPINFOHEADER` to V5, OS/2 1 and 2). */
export interface BmpHeader extends Size {
  /** Whether the first line is the upper one. */
  topDown: boolean;
  /** Bits of a pixel: 1, 2, 4, 8, 16, 24 or 32. */
  depth: number;
  /** `BI_RGB`, `BI_RLE8`, `BI_RLE4`, or pixels by masks. */
  coding: "plain" | "rle8" | "rle4";
  /** B, G, R entries of `paletteStep` bytes. */
  palette: Uint8Array;
  paletteStep: 3 | 4;
  masks: Masks;
  /** Where the pixels begin. */
  start: number;
}

const { malformed, truncated, unsupported } = readErrors("BMP");

/** Bytes of the known headers: OS/2 1, OS/2 2 short and whole, Windows 3, with masks, V4, V5. */
export const BMP_HEADERS = [12, 16, 40, 52, 56, 64, 108, 124];
const [OS2, OS2_SHORT, OS2_WHOLE] = [12, 16, 64];

const [RGB, RLE8, RLE4, BITFIELDS, JPEG, PNG, ALPHABITFIELDS] = [
  ...[0, 1, 2, 3, 4, 5, 6],
];

/** Reads the headers; decodes nothing. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  if (bytes.length < 18 || bytes.length < 14 + u32(14)) {
    throw truncated("inside its header");
  }
  const size = u32(14);
  if (!BMP_HEADERS.includes(size)) {
    throw unsupported("a header of Windows or OS/2", `one of ${size} bytes`);
  }
  const [width, signed, depth] = size === OS2
    ? [u16(18), u16(20), u16(24)]
    : [view.getInt32(18, true), view.getInt32(22, true), u16(28)];
  const height = Math.abs(signed);
  if (width < 1 || height < 1) {
    throw malformed(`its header says ${width}×${height} pixels.`);
  }
  if (![1, 2, 4, 8, 16, 24, 32].includes(depth)) {
    throw unsupported("1 to 32 bits a pixel", `${depth}`);
  }
  const compression = size > OS2_SHORT ? u32(30) : RGB;
  const isOs2 = size === OS2_SHORT || size === OS2_WHOLE;
  const coding = codingOf(compression, depth, isOs2);
  const masksAfter = size === 40 && compression === BITFIELDS
    ? 12
    : size === 40 && compression === ALPHABITFIELDS
    ? 16
    : 0;
  if (14 + size + masksAfter > bytes.length) {
    throw truncated("inside its header");
  }
  const isMasked = compression === BITFIELDS || compression === ALPHABITFIELDS;
  const hasAlpha = size >= 56 || compression === ALPHABITFIELDS;
  const masks: Masks = isMasked
    ? [u32(54), u32(58), u32(62), hasAlpha ? u32(66) : 0]
    : depth === 16
    ? [0x7c00, 0x03e0, 0x001f, 0]
    : [0xff0000, 0x00ff00, 0x0000ff, depth === 32 ? 0xff000000 : 0];
  const paletteStep = size === OS2 ? 3 : 4;
  const first = 14 + size + masksAfter;
  const start = u32(10) || first + paletteStep * (1 << depth);
  if (start < first) throw malformed("its pixels begin inside its header.");
  const stated = size >= 40 ? u32(46) : 0;
  const colours = depth > 8 ? 0 : Math.min(stated || 1 << depth, 1 << depth);
  const end = Math.min(first + paletteStep * colours, start);
  if (end > bytes.length) throw truncated("inside its palette");
  const palette = bytes.subarray(first, end);
  return {
    ...{ width, height, depth, coding, palette, paletteStep, masks, start },
    topDown: signed < 0,
  };
}

function codingOf(
  compression: number,
  depth: number,
  isOs2: boolean,
): BmpHeader["coding"] {
  if (compression === RLE8 && depth === 8) return "rle8";
  if (compression === RLE4 && depth === 4) return "rle4";
  const isWide = depth === 16 || depth === 32;
  if (
    compression === RGB ||
    (isWide && !isOs2 &&
      (compression === BITFIELDS || compression === ALPHABITFIELDS))
  ) return "plain";
  throw unsupported(
    "plain pixels or run lengths",
    compression === JPEG && !isOs2
      ? "a JPEG in a BMP; send the JPEG itself"
      : compression === PNG
      ? "a PNG in a BMP; send the PNG itself"
      : `compression ${compression} of ${depth} bits`,
  );
}
