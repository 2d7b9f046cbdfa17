import { readErrors } from "../../core/read_errors.ts";

const { malformed, truncated, unsupported } = readErrors("TIFF");

/** Bytes per value of TIFF 6.0's field types 1..12 (§2), index 0 unused. */
const TYPE_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** More values than any tag read here can need, so that a damaged count costs no memory. */
const MAX_VALUES = 1 << 20;

/** The first image file directory of a TIFF file, or of an EXIF block, which has the same form. */
export class TiffDirectory {
  readonly littleEndian: boolean;
  readonly #view: DataView;
  readonly #entries = new Map<
    number,
    { type: number; count: number; at: number }
  >();

  /** Reads the 8-byte header and the directory to which it points, TIFF 6.0 §2. @throws {EdgeError} */
  constructor(bytes: Uint8Array) {
    const view = this.#view = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
    if (bytes.length < 8) throw truncated("inside its header");
    const order = view.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) {
      throw malformed("its byte order mark is wrong.");
    }
    this.littleEndian = order === 0x4949;
    const magic = this.#u16(2);
    if (magic === 43) throw unsupported("a classic TIFF", "a BigTIFF");
    if (magic !== 42) throw malformed(`its magic number is ${magic}, not 42.`);
    const start = this.#u32(4);
    if (start < 8) throw malformed("its directory lies inside its header.");
    if (start + 2 > bytes.length) throw truncated("inside its directory");
    const count = this.#u16(start);
    if (start + 2 + 12 * count > bytes.length) {
      throw truncated("inside its directory");
    }
    for (let i = 0, at = start + 2; i < count; i++, at += 12) {
      const entry = {
        type: this.#u16(at + 2),
        count: this.#u32(at + 4),
        at: at + 8,
      };
      const size = (TYPE_SIZES[entry.type] ?? 0) * entry.count;
      if (size > 4) entry.at = this.#u32(at + 8);
      if (!this.#entries.has(this.#u16(at))) {
        this.#entries.set(this.#u16(at), entry);
      }
    }
  }

  /** The unsigned integers of a tag (BYTE, SHORT or LONG), or undefined where it is absent. */
  numbers(tag: number): number[] | undefined {
    const entry = this.#entries.get(tag);
    if (!entry) return undefined;
    const { type, count, at } = entry;
    if (
      (type !== 1 && type !== 3 && type !== 4) || count === 0 ||
      count > MAX_VALUES
    ) {
      throw malformed(`its tag ${tag} has ${count} values of type ${type}.`);
    }
    const size = TYPE_SIZES[type];
    if (at + size * count > this.#view.byteLength) {
      throw truncated(`inside its tag ${tag}`);
    }
    const read = type === 1
      ? (o: number) => this.#view.getUint8(o)
      : type === 3
      ? (o: number) => this.#u16(o)
      : (o: number) => this.#u32(o);
    return Array.from({ length: count }, (_, i) => read(at + size * i));
  }

  /** The first value of a tag, or `otherwise`. */
  number(tag: number, otherwise: number): number {
    return this.numbers(tag)?.[0] ?? otherwise;
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.littleEndian);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.littleEndian);
  }
}

/** The tags used here, TIFF 6.0 §8. */
export const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  sampleFormat: 339,
} as const;
