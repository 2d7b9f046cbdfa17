import { concat } from "../../core/bytes.ts";
import type { Size } from "../../core/geometry.ts";
import { type Box, boxesOf, BoxReader, type Errors } from "./boxes.ts";

/** Items that a file may hold; a picture of 200 megapixels in tiles has some thousand. */
const MAX_ITEMS = 10_000;

/** The items of a HEIF file (ISO 23008-12): coded pictures, grids of them, metadata. */
export interface HeifItems {
  errors: Errors;
  primary: number;
  /** Four-character codes by item. */
  types: Map<number, string>;
  /** The properties of an item in the order of their association, by type. */
  propertiesOf(item: number): [type: string, body: BoxReader][];
  /** The body of an item's first property of a type. @throws {EdgeError} `malformed` where it has none. */
  property(item: number, type: string): BoxReader;
  /** Width and height of a picture as it is coded, before it is turned and cropped. */
  sizeOf(item: number): Size;
  /** The items that one refers to, by the reference's type. */
  references(type: string): Map<number, number[]>;
  /** The bytes of an item. @throws {EdgeError} `truncated` where the file ends before them. */
  dataOf(item: number): Uint8Array[];
}

interface Place {
  /** 0: in the file; 1: in the `idat` box. */
  method: number;
  extents: { offset: number; length: number }[];
}

/** Reads the `meta` box of a file (ISO 14496-12 §8.11); undefined where it has none. */
export function readHeifItems(
  bytes: Uint8Array,
  errors: Errors,
): HeifItems | undefined {
  const meta = [...boxesOf(bytes, errors)].find(({ type }) => type === "meta");
  if (meta === undefined) return undefined;
  const inside = new Map<string, Box>();
  for (const box of boxesOf(bytes, errors, meta.from + 4, meta.to)) {
    inside.set(box.type, box);
  }
  const open = (type: string) => {
    const box = inside.get(type);
    if (box === undefined) {
      throw errors.malformed(`it has no "${type}" box.`);
    }
    return new BoxReader(bytes, errors, box);
  };
  if (!inside.has("pitm")) return undefined;
  const types = readTypes(open("iinf"));
  const places = readPlaces(open("iloc"));
  const properties = readProperties(open("iprp"));
  const pitm = open("pitm");
  const primary = pitm.number(pitm.number(4) >>> 24 === 0 ? 2 : 4);
  const idat = inside.get("idat");
  const boxes = (item: number) => properties.get(item) ?? [];
  const property: HeifItems["property"] = (item, type) => {
    const box = boxes(item).find((box) => box.type === type);
    if (box !== undefined) return new BoxReader(bytes, errors, box);
    throw errors.malformed(`its picture has no "${type}" property.`);
  };
  return {
    errors,
    primary,
    types,
    propertiesOf: (item) =>
      boxes(item).map((box) => [box.type, new BoxReader(bytes, errors, box)]),
    property,
    sizeOf(item) {
      const ispe = property(item, "ispe");
      ispe.skip(4);
      return { width: ispe.number(4), height: ispe.number(4) };
    },
    references: (type) =>
      inside.has("iref") ? readReferences(open("iref"), type) : new Map(),
    dataOf(item) {
      const place = places.get(item);
      if (place === undefined || place.method > 1) {
        throw errors.unsupported(
          "pictures whose data lie in the file",
          place === undefined ? "none" : "a picture that is built of another",
        );
      }
      const area = place.method === 0
        ? { from: 0, to: bytes.length }
        : idat ?? { from: 0, to: 0 };
      return place.extents.map(({ offset, length }) => {
        const from = area.from + offset;
        const to = length === 0 ? area.to : from + length;
        if (to > area.to || from >= area.to) {
          throw errors.truncated("inside its picture data");
        }
        return bytes.subarray(from, to);
      });
    },
  };
}

/** Item types, `iinf` §8.11.6. */
function readTypes(reader: BoxReader): Map<number, string> {
  const { bytes, errors, box } = reader;
  const version = reader.number(4) >>> 24;
  checkCount(reader.number(version === 0 ? 2 : 4), errors);
  const types = new Map<number, string>();
  for (const entry of boxesOf(bytes, errors, reader.at, box.to)) {
    const infe = new BoxReader(bytes, errors, entry);
    const version = infe.number(4) >>> 24;
    if (entry.type !== "infe" || version < 2) continue;
    const item = infe.number(version === 2 ? 2 : 4);
    infe.skip(2);
    types.set(item, infe.text());
    checkCount(types.size, errors);
  }
  return types;
}

/** Where the data of items lie, `iloc` §8.11.3. */
function readPlaces(reader: BoxReader): Map<number, Place> {
  const version = reader.number(4) >>> 24;
  const sizes = reader.number(2);
  const [offsetSize, lengthSize, baseSize] = [
    sizes >> 12,
    (sizes >> 8) & 15,
    (sizes >> 4) & 15,
  ];
  const indexSize = version === 0 ? 0 : sizes & 15;
  for (const size of [offsetSize, lengthSize, baseSize, indexSize]) {
    if (size !== 0 && size !== 4 && size !== 8) {
      throw reader.errors.malformed("its item locations are damaged.");
    }
  }
  const places = new Map<number, Place>();
  const count = reader.number(version < 2 ? 2 : 4);
  checkCount(count, reader.errors);
  for (let i = 0, total = 0; i < count; i++) {
    const item = reader.number(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : reader.number(2) & 15;
    reader.skip(2); // The file that holds the data: this one.
    const base = reader.number(baseSize);
    const extents: Place["extents"] = [];
    const parts = reader.number(2);
    checkCount(total += parts, reader.errors);
    for (let part = 0; part < parts; part++) {
      reader.skip(indexSize);
      const offset = base + reader.number(offsetSize);
      extents.push({ offset, length: reader.number(lengthSize) });
    }
    places.set(item, { method, extents });
  }
  return places;
}

/** Properties by item, `iprp` of ISO 23008-12 §9.3. */
function readProperties({ bytes, errors, box }: BoxReader): Map<number, Box[]> {
  const all: Box[] = [];
  const found = new Map<number, Box[]>();
  for (const part of boxesOf(bytes, errors, box.from, box.to)) {
    if (part.type === "ipco") {
      for (const one of boxesOf(bytes, errors, part.from, part.to)) {
        all.push(one);
        checkCount(all.length, errors);
      }
    } else if (part.type === "ipma") {
      const reader = new BoxReader(bytes, errors, part);
      const head = reader.number(4);
      const count = reader.number(4);
      checkCount(count, errors);
      for (let i = 0; i < count; i++) {
        const item = reader.number(head >>> 24 === 0 ? 2 : 4);
        const boxes: Box[] = [];
        for (let left = reader.number(1); left > 0; left--) {
          const index = head & 1
            ? reader.number(2) & 0x7fff
            : reader.number(1) & 0x7f;
          if (index === 0) continue;
          const property = all[index - 1];
          if (property === undefined) {
            throw errors.malformed("an item has a property that is not there.");
          }
          boxes.push(property);
        }
        found.set(item, boxes);
      }
    }
  }
  return found;
}

/** References of one type, `iref` §8.11.12. */
function readReferences(
  reader: BoxReader,
  type: string,
): Map<number, number[]> {
  const { bytes, errors, box } = reader;
  const size = reader.number(4) >>> 24 === 0 ? 2 : 4;
  const found = new Map<number, number[]>();
  let total = 0;
  for (const one of boxesOf(bytes, errors, reader.at, box.to)) {
    if (one.type !== type) continue;
    const entry = new BoxReader(bytes, errors, one);
    const from = entry.number(size);
    const count = entry.number(2);
    checkCount(total += count, errors);
    found.set(from, Array.from({ length: count }, () => entry.number(size)));
  }
  return found;
}

function checkCount(count: number, { tooLarge }: Errors): void {
  if (count > MAX_ITEMS) {
    throw tooLarge(`it has more than ${MAX_ITEMS} parts.`);
  }
}

/** The whole bytes of an item of few. */
export const joined = (parts: Uint8Array[]): Uint8Array =>
  parts.length === 1 ? parts[0] : concat(parts);
