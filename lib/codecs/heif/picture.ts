import type { Size } from "../../core/geometry.ts";
import { BoxReader } from "./boxes.ts";
import { type HeifItems, joined } from "./items.ts";

/** What is known of a coded picture before it is decoded. */
export interface CodedPicture {
  coding: "HEVC" | "AV1";
  /** Bits of a sample: 8, 10 or 12. */
  depth: number;
  isGrey: boolean;
  /** Pixels that are coded: tiles may reach beyond the picture. */
  coded: number;
  /** Width and height before it is turned and cropped. */
  stored: Size;
}

const CODINGS: Record<string, CodedPicture["coding"]> = {
  hvc1: "HEVC",
  av01: "AV1",
};

/** Other item types, as people call them. */
const NAMES: Record<string, string> = {
  avc1: "an AVC picture",
  jpeg: "a JPEG in HEIF",
  j2k1: "a JPEG 2000 in HEIF",
  vvc1: "a VVC picture",
  unci: "an uncompressed picture",
  iovl: "an overlay of pictures",
  iden: "a picture that is derived from another",
  tmap: "a picture with a tone map",
};

/** A coded picture, or a grid of them, whose data must be whole. @throws {EdgeError} */
export function readPicture(items: HeifItems, item: number): CodedPicture {
  const type = items.types.get(item);
  if (type === "grid") return readGrid(items, item);
  const coding = CODINGS[type ?? ""];
  if (coding === undefined) {
    throw items.errors.unsupported(
      "HEVC or AV1 pictures",
      NAMES[type ?? ""] ?? "another coding",
    );
  }
  items.dataOf(item);
  const stored = items.sizeOf(item);
  return {
    coding,
    stored,
    coded: stored.width * stored.height,
    ...readConfiguration(items, item, coding),
  };
}

/** A picture of equal tiles, row by row, ISO 23008-12 §6.6.2.3. */
function readGrid(items: HeifItems, item: number): CodedPicture {
  const { errors } = items;
  const body = joined(items.dataOf(item));
  const all = { from: 0, to: body.length };
  const reader = new BoxReader(body, errors, all);
  const isWide = (reader.number(2) & 1) !== 0;
  const rows = reader.number(1) + 1;
  const columns = reader.number(1) + 1;
  const width = reader.number(isWide ? 4 : 2);
  const height = reader.number(isWide ? 4 : 2);
  const stored = items.sizeOf(item);
  const tiles = items.references("dimg").get(item) ?? [];
  const first = tiles[0];
  if (
    width !== stored.width || height !== stored.height ||
    tiles.length !== rows * columns || first === undefined
  ) {
    throw errors.malformed("its grid of tiles contradicts itself.");
  }
  if (items.types.get(first) === "grid") {
    throw errors.unsupported("one grid of tiles", "a grid of grids");
  }
  const tile = readPicture(items, first);
  const across = columns * tile.stored.width;
  const down = rows * tile.stored.height;
  for (const one of tiles) {
    const size = items.sizeOf(one);
    if (
      items.types.get(one) !== items.types.get(first) ||
      size.width !== tile.stored.width || size.height !== tile.stored.height
    ) {
      throw errors.malformed("its tiles differ in size or coding.");
    }
    items.dataOf(one);
  }
  if (
    across < width || down < height ||
    across - tile.stored.width >= width || down - tile.stored.height >= height
  ) {
    throw errors.malformed("its tiles do not cover its picture.");
  }
  return { ...tile, stored, coded: across * down };
}

/** Depth and colours by the coding's own record: `av1C` (AV1 in ISOBMFF §2.3) or `hvcC` (ISO 14496-15 §8.3.3). */
function readConfiguration(
  items: HeifItems,
  item: number,
  coding: CodedPicture["coding"],
): { depth: number; isGrey: boolean } {
  if (coding === "AV1") {
    const av1C = items.property(item, "av1C");
    av1C.skip(2);
    const flags = av1C.number(1);
    const depth = (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12;
    return { depth, isGrey: (flags & 0x10) !== 0 };
  }
  const hvcC = items.property(item, "hvcC");
  hvcC.skip(16);
  const isGrey = (hvcC.number(1) & 3) === 0;
  const depth = 8 + (hvcC.number(1) & 7);
  if (depth > 12) throw items.errors.unsupported("8 to 12 bits", `${depth}`);
  return { depth, isGrey };
}
