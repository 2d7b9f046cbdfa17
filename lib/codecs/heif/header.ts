import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { BoxReader, type Errors, heifKind } from "./boxes.ts";
import { type HeifItems, joined, readHeifItems } from "./items.ts";

/**
 * What a HEIF file (ISO 23008-12) states of its primary picture; width and height are those of the decoded samples. All
 * of its codings lose values, or may.
 */
export interface HeifHeader extends Size {
  coding: "HEVC" | "AV1";
  /** EXIF's number, 1 to 8, for how the decoded samples are still to be turned: libheif turns and crops, libavif not. */
  orientation: number;
  /** Bits of a sample: 8, 10 or 12. */
  depth: number;
  isGrey: boolean;
  hasAlpha: boolean;
  /** Pixels that are coded: tiles may reach beyond the picture, and alpha is a picture of its own. */
  coded: number;
}

/** Pixels that may be coded for every one that is shown, and beside them: tiles and blocks reach beyond small pictures. */
const MAX_CODED = 2;
const MORE_CODED = 2 ** 19;

/** What turning a picture that is shown by orientation n by a quarter to the left makes of n, and so on. */
const TURNED = [8, 5, 6, 7, 4, 1, 2, 3];
const FLIPPED = [4, 3, 2, 1, 8, 7, 6, 5];
const MIRRORED = [2, 1, 4, 3, 6, 5, 8, 7];

const CODINGS: Record<string, HeifHeader["coding"]> = {
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

/** The errors of a file in ISO boxes, with the name that people know it by. */
export const heifErrors = (bytes: Uint8Array): Errors =>
  readErrors(heifKind(bytes) ?? "HEIC");

/**
 * Reads the boxes of a HEIC or AVIF file; decodes nothing. Of a file with several pictures, the primary one is read,
 * and of one with a sequence the still picture beside it.
 *
 * @throws {EdgeError} `truncated` where picture data lie beyond the file's end; `unsupported-type` for a sequence alone,
 * and for other codings.
 */
export function readHeifHeader(bytes: Uint8Array): HeifHeader {
  const errors = heifErrors(bytes);
  const { truncated, tooLarge, unsupported } = errors;
  const items = readHeifItems(bytes, errors);
  if (items === undefined) {
    if (!hasSequence(bytes)) throw truncated("before its picture");
    throw unsupported("a still picture", "a sequence without one");
  }
  const picture = readPicture(items, items.primary, bytes, errors);
  const item = findAlpha(items, bytes);
  const alpha = item === undefined
    ? undefined
    : readPicture(items, item, bytes, errors);
  const { coding, depth, isGrey, stored } = picture;
  const shown = place(items, stored, bytes, errors);
  const area = shown.width * shown.height;
  for (const { coded } of alpha === undefined ? [picture] : [picture, alpha]) {
    if (coded > MAX_CODED * area + MORE_CODED) {
      throw tooLarge("it shows only a small part of what is coded.");
    }
  }
  if (coding === "AV1" && area !== stored.width * stored.height) {
    throw unsupported("a whole AVIF picture", "one that is cropped when shown");
  }
  return {
    ...coding === "AV1"
      ? { ...shown, ...stored }
      : { ...shown, orientation: 1 },
    coding,
    depth,
    isGrey,
    hasAlpha: alpha !== undefined,
    coded: picture.coded + (alpha?.coded ?? 0),
  };
}

interface Coded
  extends Pick<HeifHeader, "coding" | "depth" | "isGrey" | "coded"> {
  /** Width and height before it is turned and cropped. */
  stored: Size;
}

/** A coded picture, or a grid of them, whose data must be whole. */
function readPicture(
  items: HeifItems,
  item: number,
  bytes: Uint8Array,
  errors: Errors,
): Coded {
  const type = items.types.get(item);
  if (type === "grid") return readGrid(items, item, bytes, errors);
  const coding = CODINGS[type ?? ""];
  if (coding === undefined) {
    throw errors.unsupported(
      "HEVC or AV1 pictures",
      NAMES[type ?? ""] ?? "another coding",
    );
  }
  items.dataOf(item);
  const stored = readSize(items, item, bytes, errors);
  return {
    coding,
    stored,
    coded: stored.width * stored.height,
    ...readConfiguration(items, item, coding, bytes, errors),
  };
}

/** A picture of equal tiles, row by row, ISO 23008-12 §6.6.2.3. */
function readGrid(
  items: HeifItems,
  item: number,
  bytes: Uint8Array,
  errors: Errors,
): Coded {
  const body = joined(items.dataOf(item));
  const all = { from: 0, to: body.length };
  const reader = new BoxReader(body, errors, all);
  const isWide = (reader.number(2) & 1) !== 0;
  const rows = reader.number(1) + 1;
  const columns = reader.number(1) + 1;
  const width = reader.number(isWide ? 4 : 2);
  const height = reader.number(isWide ? 4 : 2);
  const stored = readSize(items, item, bytes, errors);
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
  const tile = readPicture(items, first, bytes, errors);
  const across = columns * tile.stored.width;
  const down = rows * tile.stored.height;
  for (const one of tiles) {
    const size = readSize(items, one, bytes, errors);
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

/** The body of an item's first property of a type. */
function property(
  items: HeifItems,
  item: number,
  type: string,
  bytes: Uint8Array,
  errors: Errors,
): BoxReader {
  const box = items.propertiesOf(item).find((one) => one.type === type);
  if (box === undefined) {
    throw errors.malformed(`its picture has no "${type}" property.`);
  }
  return new BoxReader(bytes, errors, box);
}

function readSize(...where: [HeifItems, number, Uint8Array, Errors]): Size {
  const [items, item, bytes, errors] = where;
  const ispe = property(items, item, "ispe", bytes, errors);
  ispe.skip(4);
  return { width: ispe.number(4), height: ispe.number(4) };
}

/** Depth and colours by the coding's own record: `av1C` (AV1 in ISOBMFF §2.3) or `hvcC` (ISO 14496-15 §8.3.3). */
function readConfiguration(
  items: HeifItems,
  item: number,
  coding: HeifHeader["coding"],
  bytes: Uint8Array,
  errors: Errors,
): { depth: number; isGrey: boolean } {
  if (coding === "AV1") {
    const av1C = property(items, item, "av1C", bytes, errors);
    av1C.skip(2);
    const flags = av1C.number(1);
    const depth = (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12;
    return { depth, isGrey: (flags & 0x10) !== 0 };
  }
  const hvcC = property(items, item, "hvcC", bytes, errors);
  hvcC.skip(16);
  const isGrey = (hvcC.number(1) & 3) === 0;
  const depth = 8 + (hvcC.number(1) & 7);
  if (depth > 12) throw errors.unsupported("8 to 12 bits", `${depth}`);
  return { depth, isGrey };
}

/** The primary picture's size and orientation after its transformations, ISO 23008-12 §6.5.9 to §6.5.12. */
function place(
  items: HeifItems,
  stored: Size,
  bytes: Uint8Array,
  errors: Errors,
): Size & { orientation: number } {
  let { width, height } = stored;
  let orientation = 1;
  for (const box of items.propertiesOf(items.primary)) {
    const reader = new BoxReader(bytes, errors, box);
    if (box.type === "clap") {
      const [w, perW, h, perH] = [4, 4, 4, 4].map((n) => reader.number(n));
      const size = {
        width: Math.round(w / perW),
        height: Math.round(h / perH),
      };
      if (!(size.width <= width && size.height <= height)) {
        throw errors.malformed("its crop is larger than its picture.");
      }
      ({ width, height } = size);
    } else if (box.type === "irot") {
      for (let turns = reader.number(1) & 3; turns > 0; turns--) {
        orientation = TURNED[orientation - 1];
        [width, height] = [height, width];
      }
    } else if (box.type === "imir") {
      const table = (reader.number(1) & 1) === 0 ? FLIPPED : MIRRORED;
      orientation = table[orientation - 1];
    }
  }
  return { width, height, orientation };
}

/** The picture that holds the primary one's opacity. */
function findAlpha(
  items: HeifItems,
  bytes: Uint8Array,
): number | undefined {
  for (const [item, of] of items.references("auxl")) {
    if (!of.includes(items.primary)) continue;
    const box = items.propertiesOf(item).find(({ type }) => type === "auxC");
    if (box === undefined) continue;
    const name = new TextDecoder("latin1").decode(
      bytes.subarray(box.from + 4, Math.min(box.to, box.from + 64)),
    );
    if (/:auxiliary:alpha\0|:hevc:2015:auxid:1\0/.test(name)) return item;
  }
  return undefined;
}

function hasSequence(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length;) {
    if (view.getUint32(at + 4) === 0x6d6f6f76) return true; // moov
    const size = view.getUint32(at);
    if (size < 8) return false;
    at += size;
  }
  return false;
}
