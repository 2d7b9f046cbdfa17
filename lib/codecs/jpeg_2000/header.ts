import { readErrors } from "../../core/read_errors.ts";
import type { Size } from "../../core/geometry.ts";

/** What a codestream states of its picture in its SIZ segment, T.800 §A.5.1. */
export interface Jpeg2000Header extends Size {
  components: number;
  /** Bits per sample of the first component. */
  precision: number;
  /** Whether the first component has a sign. */
  isSigned: boolean;
  /** Whether all components have the same depth and sign. */
  isUniform: boolean;
  /** Whether its wavelet rounds: the 9-7 filter, T.800 table A.20. */
  isLossy: boolean;
  tiles: number;
  /** Whether it is coded by Part 15 (T.814), which has its own block coder. */
  isHighThroughput: boolean;
}

/** Rsiz: the codestream uses capabilities of other parts, which its CAP segment lists; Part 15 is the one in use. */
const CAPABILITIES = 0x4000;

/** OpenJPEG takes some 10 kB a tile before it has read any. */
const MAX_TILES = 4096;
/** Bytes of the shortest tile-part in a codestream: its SOT and SOD markers, T.800 §A.4. */
const TILE_BYTES = 14;

const { malformed, truncated, unsupported } = readErrors("JPEG 2000");

/**
 * Reads the header of a codestream, or of the first codestream of a JP2 file; decodes nothing.
 *
 * @throws {EdgeError} also for subsampled components, and for more tiles than `MAX_TILES` or than the bytes can hold.
 */
export function readJpeg2000Header(bytes: Uint8Array): Jpeg2000Header {
  const at = startOfCodestream(bytes);
  if (at < 0 || at + 44 > bytes.length) {
    throw malformed("it has no codestream with a whole SIZ segment.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const components = view.getUint16(40);
  if (at + 42 + 3 * components > bytes.length) {
    throw truncated("inside its SIZ segment");
  }
  for (let c = 0; c < components; c++) {
    if (view.getUint8(43 + 3 * c) !== 1 || view.getUint8(44 + 3 * c) !== 1) {
      throw unsupported("full colour resolution", "subsampled components");
    }
  }
  const along = (size: number, offset: number, tile: number) =>
    Math.ceil(
      (view.getUint32(size) - view.getUint32(offset)) / view.getUint32(tile),
    );
  const tiles = along(8, 32, 24) * along(12, 36, 28);
  if (!(tiles > 0 && tiles <= MAX_TILES)) {
    throw unsupported(`1 to ${MAX_TILES} tiles`, `${tiles}`);
  }
  if (tiles * TILE_BYTES > bytes.length) {
    throw truncated("before its last tile");
  }
  return {
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
    components,
    precision: (view.getUint8(42) & 127) + 1,
    isSigned: view.getUint8(42) > 127,
    isUniform: Array.from({ length: components }, (_, c) => 42 + 3 * c)
      .every((depth) => view.getUint8(depth) === view.getUint8(42)),
    isLossy: isIrreversible(view),
    tiles,
    isHighThroughput: (view.getUint16(6) & CAPABILITIES) !== 0,
  };
}

/** Whether the coding style (COD, §A.6.1) in the main header of a codestream names the irreversible wavelet. */
function isIrreversible(view: DataView): boolean {
  for (let at = 2; at + 14 <= view.byteLength;) {
    const marker = view.getUint16(at);
    if (marker === 0xff52) return view.getUint8(at + 13) === 0;
    if (marker === 0xff90) break;
    at += 2 + view.getUint16(at + 2);
  }
  return false;
}

/**
 * Where the codestream starts that OpenJPEG decodes: at the first byte, or in the first `jp2c` box of a JP2 file
 * (T.800 §I.4); −1 for neither. A marker found anywhere else could hide a large picture behind a small one.
 */
export function startOfCodestream(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (at: number, ...wanted: number[]) =>
    at + 4 * wanted.length <= bytes.length &&
    wanted.every((word, i) => view.getUint32(at + 4 * i) === word);
  let at = 0;
  if (has(0, 12, 0x6a502020, 0x0d0a870a)) {
    for (let length = 12; !has(at + 4, 0x6a703263); at += length) {
      if (at + 8 > bytes.length) return -1;
      length = view.getUint32(at);
      // A box with a 64-bit length is larger than any frame here; one with length 0 is the last.
      if (length < 8) return -1;
    }
    at += has(at, 1) ? 16 : 8;
  }
  return has(at, 0xff4fff51) ? at : -1;
}
