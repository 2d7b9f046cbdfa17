import { crc32 } from "node:zlib";
import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { Warning } from "../../core/warnings.ts";

/** IHDR, PNG (third edition) §11.2.1. */
export interface PngHeader extends Size {
  depth: number;
  colourType: number;
  interlaced: boolean;
}

/** What is needed of a whole PNG file; the views share the file's bytes. */
export interface PngChunks {
  header: PngHeader;
  /** R, G, B triples. */
  palette?: Uint8Array;
  /** What is transparent, §11.3.1.1. */
  transparency?: Uint8Array;
  /** The TIFF-shaped EXIF block, §11.3.3.1. */
  exif?: Uint8Array;
  /** Pieces of the one zlib stream. */
  data: Uint8Array[];
  /** Doubts about the picture, and about its transparency. */
  warnings: Warning[];
  maskWarnings: Warning[];
}

/** Bit depths allowed for each colour type, §11.2.1 table 12. */
const DEPTHS: Record<number, number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

const { malformed, truncated, unsupported } = readErrors("PNG");

const NO_END: Warning = {
  code: "end-mended",
  detail:
    "The PNG has no whole IEND chunk. All its picture data are there, and it was read as if it had one.",
};

/** Ancillary chunks that are used here, and what it may mean that one is damaged. */
const LOSSES = {
  eXIf: "the picture may have to be turned",
  tRNS: "transparent pixels count as opaque",
};

/** The first chunk, which must be IHDR; reads 29 bytes and decodes nothing. */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  if (bytes.length < 33) throw truncated("inside its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (nameAt(bytes, 12) === "CgBI") {
    throw unsupported("a PNG by the standard", "Apple's own variant (CgBI)");
  }
  if (view.getUint32(8) !== 13 || nameAt(bytes, 12) !== "IHDR") {
    throw malformed("it does not begin with an IHDR chunk of 13 bytes.");
  }
  const header = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: bytes[24],
    colourType: bytes[25],
    interlaced: bytes[28] === 1,
  };
  if (header.width === 0 || header.height === 0) {
    throw malformed(`its header says ${header.width}×${header.height} pixels.`);
  }
  if (header.width > 0x7fffffff || header.height > 0x7fffffff) {
    throw malformed("a side in its header is over 2³¹ − 1.");
  }
  if (!DEPTHS[header.colourType]?.includes(header.depth)) {
    throw malformed(
      `colour type ${header.colourType} with ${header.depth} bits does not exist.`,
    );
  }
  if (bytes[26] !== 0 || bytes[27] !== 0 || bytes[28] > 1) {
    throw malformed(
      "its compression, filter or interlace method does not exist.",
    );
  }
  return header;
}

/**
 * Walks all chunks to IEND, checking every CRC-32 (§5.3). Unknown critical chunks are refused. Unknown ancillary ones
 * (APNG frames among them) are skipped, and so are damaged ones, and anything after IEND. Where IEND is missing, the
 * data may still be whole: their own checksum decides.
 */
export function readPngChunks(bytes: Uint8Array): PngChunks {
  const header = readPngHeader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunks = {
    header,
    data: [],
    warnings: [],
    maskWarnings: [],
  };
  let closed = false; // IDAT chunks must be consecutive, §5.6
  for (let at = 8;;) {
    const length = at + 8 <= bytes.length ? view.getUint32(at) : 0;
    const end = at + 12 + length;
    const name = nameAt(bytes, at + 4);
    const isData = name === "IDAT" && !closed;
    if (end > bytes.length) {
      if (isData) chunks.data.push(bytes.subarray(at + 8));
      else if (chunks.data.length === 0) {
        throw truncated("before its picture data (IDAT)");
      }
      chunks.warnings.push(NO_END);
      break;
    }
    if (!/^[A-Za-z]{4}$/.test(name)) {
      throw malformed("a chunk's type is not four letters.");
    }
    const body = bytes.subarray(at + 8, end - 4);
    at = end;
    const isSound = crc32(bytes.subarray(end - 8 - length, end - 4)) ===
      view.getUint32(end - 4);
    if (name === "IEND") {
      if (!isSound) chunks.warnings.push(NO_END);
      break;
    }
    if (isData) chunks.data.push(body);
    else closed = chunks.data.length > 0;
    const isCritical = /^[A-Z]/.test(name);
    if (!isSound) {
      if (isCritical) throw malformed("a chunk's checksum is wrong.");
      if (name === "eXIf") chunks.warnings.push(lossOf(name));
      if (name === "tRNS") chunks.maskWarnings.push(lossOf(name));
    } else if (name === "IDAT") {
      if (!isData) throw malformed("its IDAT chunks are not consecutive.");
    } else if (name === "PLTE") {
      // In other pictures it is a suggestion, §11.2.2.
      if (header.colourType === 3) addPalette(chunks, body);
    } else if (name === "tRNS") {
      if (!closed) chunks.transparency ??= body;
    } else if (name === "eXIf") chunks.exif ??= body;
    else if (isCritical && end !== 33) {
      throw malformed("it has a second header or an unknown critical chunk.");
    }
  }
  if (header.colourType === 3 && !chunks.palette) {
    throw malformed("its colour type needs a palette.");
  }
  if (chunks.data.length === 0) {
    throw malformed("it has no picture data (IDAT).");
  }
  return chunks;
}

function addPalette(chunks: PngChunks, body: Uint8Array): void {
  if (chunks.palette || chunks.data.length > 0) {
    throw malformed("its palette is repeated or out of order.");
  }
  const { length } = body;
  if (length % 3 !== 0 || length === 0 || length > 768) {
    throw malformed(
      `its palette has ${length} bytes; wanted 3 to 768, in threes.`,
    );
  }
  chunks.palette = body;
}

function lossOf(name: keyof typeof LOSSES): Warning {
  const detail = `The PNG's ${name} chunk is damaged and was left out: ${
    LOSSES[name]
  }.`;
  return { code: "contradiction", detail };
}

function nameAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
