import { crc32 } from "node:zlib";
import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";

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
  /** The tRNS chunk, §11.3.1.1: the opacity of palette entries, or the one transparent colour. */
  transparency?: Uint8Array;
  /** The TIFF-shaped EXIF block, §11.3.3.1. */
  exif?: Uint8Array;
  /** Pieces of the one zlib stream. */
  data: Uint8Array[];
}

/** Bit depths allowed for each colour type, §11.2.1 table 12. */
const DEPTHS: Record<number, number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

const { malformed, truncated } = readErrors("PNG");

/** The first chunk, which must be IHDR; reads 29 bytes and decodes nothing. */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  if (bytes.length < 33) throw truncated("inside its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
 * Walks all chunks to IEND, checking every CRC-32 (§5.3). Unknown critical chunks are refused, unknown ancillary ones
 * (APNG frames among them) are skipped, and so is anything after IEND.
 */
export function readPngChunks(bytes: Uint8Array): PngChunks {
  const header = readPngHeader(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunks = { header, data: [] };
  let closed = false; // IDAT chunks must be consecutive, §5.6
  for (let at = 8;;) {
    if (at + 12 > bytes.length) throw truncated("before its IEND chunk");
    const length = view.getUint32(at);
    const end = at + 12 + length;
    const name = nameAt(bytes, at + 4);
    if (!/^[A-Za-z]{4}$/.test(name)) {
      throw malformed("a chunk's type is not four letters.");
    }
    if (end > bytes.length) {
      throw truncated(`inside a chunk of ${length} bytes`);
    }
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw malformed("a chunk's checksum is wrong.");
    }
    const body = bytes.subarray(at + 8, end - 4);
    if (name === "IEND") break;
    if (name === "IDAT") {
      if (closed) throw malformed("its IDAT chunks are not consecutive.");
      chunks.data.push(body);
    } else {
      closed = chunks.data.length > 0;
      if (name === "PLTE") {
        if (chunks.palette || closed) {
          throw malformed("its palette is repeated or out of order.");
        }
        if (length % 3 !== 0 || length === 0 || length > 768) {
          throw malformed(
            `its palette has ${length} bytes; wanted 3 to 768, in threes.`,
          );
        }
        chunks.palette = body;
      } else if (name === "tRNS") chunks.transparency ??= body;
      else if (name === "eXIf") chunks.exif = body;
      else if (name === "IHDR" ? at !== 8 : /^[A-Z]/.test(name)) {
        throw malformed("it has a second header or an unknown critical chunk.");
      }
    }
    at = end;
  }
  if (header.colourType === 3 && !chunks.palette) {
    throw malformed("its colour type needs a palette.");
  }
  if (chunks.data.length === 0) {
    throw malformed("it has no picture data (IDAT).");
  }
  return chunks;
}

function nameAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
