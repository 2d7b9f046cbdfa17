import { readErrors } from "../../core/read_errors.ts";

const { malformed, truncated } = readErrors("TIFF");

/** Bytes per value of the field types: TIFF 6.0 §2, IFD (13) of TIFF Technical Note 1, and BigTIFF's 16 to 18. */
const TYPE_SIZES: Record<number, number> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4 },
  ...{ 12: 8, 13: 4, 16: 8, 17: 8, 18: 8 },
};
const [BYTE, ASCII, SHORT, RATIONAL, UNDEFINED] = [1, 2, 3, 5, 7];
/** The types of unsigned integers. */
const INTEGERS = [BYTE, SHORT, 4, 13, 16, 18];

/** More values than any tag read here can need, so that a damaged count costs no memory. */
const MAX_VALUES = 1 << 20;
/** More of a text than is ever looked at. */
const MAX_TEXT = 4096;

/** How a directory is laid out: classic TIFF (TIFF 6.0 §2), or BigTIFF, whose offsets have 8 bytes. */
interface Form {
  big: boolean;
  /** Bytes of the number of entries, of an entry, and of an offset or a value inside an entry. */
  count: number;
  entry: number;
  offset: number;
}
const CLASSIC: Form = { big: false, count: 2, entry: 12, offset: 4 };
const BIG: Form = { big: true, count: 8, entry: 20, offset: 8 };

/** One image file directory of a TIFF or BigTIFF file, or of an EXIF block, which has the same form. */
export class TiffDirectory {
  readonly littleEndian: boolean;
  /** Where it starts, and its bytes. */
  readonly at: number;
  readonly size: number;
  /** Where the next directory starts, 0 after the last one. */
  readonly next: number;
  readonly #view: DataView;
  readonly #form: Form;
  readonly #count: number;

  /**
   * Reads the directory at an offset, or the one to which the header points.
   *
   * @throws {EdgeError}
   */
  constructor(readonly bytes: Uint8Array, at?: number) {
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
    if (magic !== 42 && magic !== 43) {
      throw malformed(`its magic number is ${magic}, not 42.`);
    }
    const form = this.#form = magic === 43 ? BIG : CLASSIC;
    if (form.big && bytes.length < 16) throw truncated("inside its header");
    if (form.big && (this.#u16(4) !== 8 || this.#u16(6) !== 0)) {
      throw malformed("its offsets do not have 8 bytes.");
    }
    this.at = at ?? this.#number(form.offset, form.offset);
    if (this.at < 2 * form.offset) {
      throw malformed("its directory lies inside its header.");
    }
    const cut = () => truncated("inside its directory");
    if (this.at + form.count > bytes.length) throw cut();
    this.#count = this.#number(this.at, form.count);
    this.size = form.count + form.entry * this.#count;
    const end = this.at + this.size;
    if (end > bytes.length) throw cut();
    // EXIF blocks, and the files of some writers, end without the offset of the next directory.
    const linked = end + form.offset <= bytes.length;
    this.next = linked ? this.#number(end, form.offset) : 0;
  }

  /** The unsigned integers of a tag, or undefined where it is absent. */
  numbers(tag: number): number[] | undefined {
    const found = this.#integers(tag);
    if (found === undefined) return undefined;
    const { size, count, at } = found;
    return Array.from(
      { length: count },
      (_, i) => this.#number(at + size * i, size),
    );
  }

  /** The first value of a tag, or `otherwise`. */
  number(tag: number, otherwise: number): number {
    const found = this.#integers(tag);
    return found === undefined ? otherwise : this.#number(found.at, found.size);
  }

  #integers(tag: number) {
    const entry = this.#find(tag);
    if (entry === undefined) return undefined;
    const { type, count, at } = entry;
    if (!INTEGERS.includes(type) || count === 0 || count > MAX_VALUES) {
      throw malformed(`its tag ${tag} has ${count} values of type ${type}.`);
    }
    const size = TYPE_SIZES[type];
    this.#require(tag, at, size * count);
    return { size, count, at };
  }

  /** The fractions of a tag, or `otherwise` where there are not as many. */
  rationals(tag: number, otherwise: readonly number[]): readonly number[] {
    const entry = this.#find(tag);
    if (entry?.type !== RATIONAL || entry.count !== otherwise.length) {
      return otherwise;
    }
    this.#require(tag, entry.at, 8 * entry.count);
    return otherwise.map((_, i) => {
      const at = entry.at + 8 * i;
      return this.#number(at, 4) / this.#number(at + 4, 4);
    });
  }

  /** The beginning of a text; empty where there is none. */
  text(tag: number): string {
    const entry = this.#find(tag);
    if (entry?.type !== ASCII) return "";
    const length = Math.min(entry.count, MAX_TEXT);
    this.#require(tag, entry.at, length);
    return String.fromCharCode(
      ...this.bytes.subarray(entry.at, entry.at + length),
    );
  }

  /** The bytes of a tag of type UNDEFINED, or undefined where it is absent. */
  block(tag: number): Uint8Array | undefined {
    const entry = this.#find(tag);
    if (entry?.type !== UNDEFINED && entry?.type !== BYTE) return undefined;
    this.#require(tag, entry.at, entry.count);
    return this.bytes.subarray(entry.at, entry.at + entry.count);
  }

  has(tag: number): boolean {
    return this.#find(tag) !== undefined;
  }

  /** The first entry of a tag, and where its values lie. */
  #find(tag: number) {
    const { count: head, entry: step, offset } = this.#form;
    for (let i = 0, at = this.at + head; i < this.#count; i++, at += step) {
      if (this.#u16(at) !== tag) continue;
      const type = this.#u16(at + 2);
      const count = this.#number(at + 4, offset);
      const value = at + 4 + offset;
      const inside = (TYPE_SIZES[type] ?? 0) * count <= offset;
      return {
        type,
        count,
        at: inside ? value : this.#number(value, offset),
      };
    }
    return undefined;
  }

  #require(tag: number, at: number, length: number): void {
    if (at + length > this.bytes.length) {
      throw truncated(`inside its tag ${tag}`);
    }
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.littleEndian);
  }

  /** An unsigned integer of so many bytes. */
  #number(at: number, size: number): number {
    const little = this.littleEndian;
    switch (size) {
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at, little);
      case 4:
        return this.#view.getUint32(at, little);
      default:
        return Number(this.#view.getBigUint64(at, little));
    }
  }
}

/** The tags used here: TIFF 6.0 §8, its technical notes, and ExtraSamples to ReferenceBlackWhite of §18 to §22. */
export const TAG = {
  newSubfileType: 254,
  subfileType: 255,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  description: 270,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  faxOptions3: 292,
  faxOptions4: 293,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  subDirectories: 330,
  inkSet: 332,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  lumaWeights: 529,
  chromaSubsampling: 530,
  referenceLevels: 532,
  imageDepth: 32997,
  /** Of an EXIF block: its own directory, and that directory's times. */
  exif: 34665,
  originalTime: 36867,
  digitizedTime: 36868,
  originalZone: 36881,
  digitizedZone: 36882,
} as const;
