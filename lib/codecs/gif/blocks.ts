import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";

/** The one picture of a file, and where it stands on the logical screen. */
export interface GifPicture extends Size {
  left: number;
  top: number;
  interlaced: boolean;
  /** R, G, B triples. */
  palette: Uint8Array;
  /** The index that is transparent. */
  transparent: number | undefined;
  /** Bits of the shortest codes less one, as LZW's first byte says. */
  codeSize: number;
  /** Pieces of the one LZW stream. */
  data: Uint8Array[];
}

/** What is needed of a whole file. */
export interface GifBlocks extends Size {
  /** Index of the colour of what no picture covers. */
  background: number;
  picture: GifPicture;
  /** Whether the file ends without its trailer. */
  isCut: boolean;
}

const { malformed, truncated, unsupported } = readErrors("GIF");

/**
 * The size of the logical screen (GIF89a §18), or of the first picture where that reaches over it, as viewers do. Reads
 * the blocks up to the first picture.
 */
export function readGifSize(bytes: Uint8Array): Size {
  for (const block of walk(bytes)) {
    if (block.kind === "picture") return sizeOf(bytes, block.at);
  }
  throw malformed("it holds no picture.");
}

/**
 * Walks the blocks of a file to its trailer (GIF89a §17 ff.); decodes nothing.
 *
 * @throws {EdgeError} `unsupported-type` for a file of several pictures.
 */
export function readGifBlocks(bytes: Uint8Array): GifBlocks {
  let transparent: number | undefined;
  let picture: GifPicture | undefined;
  let size: Size | undefined;
  let isCut = true;
  for (const block of walk(bytes)) {
    if (block.kind === "trailer") {
      isCut = false;
      break;
    }
    if (block.kind === "control") {
      // The colour counts only for the picture that follows.
      transparent = block.flags & 1 ? block.index : undefined;
    } else {
      if (picture !== undefined) {
        throw unsupported("a still picture", "an animation");
      }
      size = sizeOf(bytes, block.at);
      picture = readPicture(bytes, block, transparent);
    }
  }
  if (picture === undefined || size === undefined) {
    throw isCut
      ? truncated("before its picture")
      : malformed("it holds no picture.");
  }
  return { ...size, background: bytes[11], picture, isCut };
}

type Block =
  | { kind: "control"; flags: number; index: number }
  | { kind: "picture"; at: number; dataAt: number; data: Uint8Array[] }
  | { kind: "trailer" };

/** The blocks that matter, up to the trailer or the end of the file. */
function* walk(bytes: Uint8Array): Generator<Block> {
  if (bytes.length < 13) throw truncated("inside its header");
  for (let at = 13 + paletteBytes(bytes[10]); at < bytes.length;) {
    const kind = bytes[at];
    if (kind === 0x3b) return yield { kind: "trailer" };
    if (kind === 0x21) {
      const [control] = subBlocks(bytes, at + 2).data;
      if (bytes[at + 1] === 0xf9 && control?.length === 4) {
        yield { kind: "control", flags: control[0], index: control[3] };
      }
      at = subBlocks(bytes, at + 2).end;
    } else if (kind === 0x2c) {
      if (at + 10 > bytes.length) throw truncated("inside a picture's header");
      const dataAt = at + 10 + paletteBytes(bytes[at + 9]);
      const { data, end } = subBlocks(bytes, dataAt + 1);
      yield { kind: "picture", at, dataAt, data };
      at = end;
    } else if (kind === 0) at++; // A stray terminator, which some writers leave.
    else throw malformed("a block is of a kind that does not exist.");
  }
}

/** The data of a chain of sub-blocks (GIF89a §15), as far as the file holds them. */
function subBlocks(bytes: Uint8Array, from: number) {
  const data: Uint8Array[] = [];
  let at = from;
  for (; bytes[at] > 0; at += 1 + bytes[at]) {
    data.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
  }
  return { data, end: at + 1 };
}

/** Bytes of the colour table that a packed field announces, GIF89a §18 and §20. */
function paletteBytes(packed: number): number {
  return packed & 0x80 ? 3 * (2 << (packed & 7)) : 0;
}

const short = (bytes: Uint8Array, at: number) =>
  bytes[at] | (bytes[at + 1] << 8);

function sizeOf(bytes: Uint8Array, at: number): Size {
  const side = (screen: number, start: number, length: number) =>
    Math.max(short(bytes, screen), short(bytes, start) + short(bytes, length));
  return {
    width: side(6, at + 1, at + 5),
    height: side(8, at + 3, at + 7),
  };
}

function readPicture(
  bytes: Uint8Array,
  { at, dataAt, data }: Block & { kind: "picture" },
  transparent: number | undefined,
): GifPicture {
  const packed = bytes[at + 9];
  const [start, length] = packed & 0x80
    ? [at + 10, paletteBytes(packed)]
    : [13, paletteBytes(bytes[10])];
  if (dataAt >= bytes.length) throw truncated("before its picture data");
  if (length === 0) throw malformed("it has no colour table.");
  const picture = {
    left: short(bytes, at + 1),
    top: short(bytes, at + 3),
    width: short(bytes, at + 5),
    height: short(bytes, at + 7),
    interlaced: (packed & 0x40) !== 0,
    palette: bytes.subarray(start, start + length),
    transparent,
    codeSize: bytes[dataAt],
    data,
  };
  if (picture.width === 0 || picture.height === 0) {
    throw malformed(
      `its picture is ${picture.width}×${picture.height} pixels.`,
    );
  }
  if (picture.codeSize < 1 || picture.codeSize > 8) {
    throw malformed(`its codes are said to have ${picture.codeSize} bits.`);
  }
  return picture;
}
