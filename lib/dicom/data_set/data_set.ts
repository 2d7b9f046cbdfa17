import { readErrors } from "../../core/read_errors.ts";
import { TAG } from "./tags.ts";

/** How the elements of a data set are coded (PS3.5 §7.1 to 7.3). */
export interface Coding {
  littleEndian: boolean;
  /** Whether each element states its value representation. */
  explicit: boolean;
}

/** One data element: where its value lies in the bytes of its data set. */
interface Element {
  /** Value representation, or "" where it is implicit. */
  vr: string;
  start: number;
  end: number;
  /** Items of a sequence, once they have been read. */
  items?: Dataset[];
  /** Numbers of a text value, once they have been read. */
  decimals?: readonly number[];
  /** Fragments of encapsulated pixel data, the offset table first. */
  fragments?: Uint8Array[];
}

/** Levels of sequences within sequences; real files have up to about 6. */
const MAX_DEPTH = 16;
/** Limits the memory; an enhanced series of 5000 frames has about 300,000 elements. */
const MAX_ELEMENTS = 500_000;
/** Characters of a text value that are read; the ones needed are short. */
const MAX_TEXT = 4096;
/** Characters of a number, for which the standard allows 16 (PS3.5 §6.2); longer text is not matched at all. */
const MAX_NUMBER = 64;

const UNDEFINED = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const LONG = /^(O[BDFLVW]|S[QV]|U[CNRTV])$/;

export const { malformed, truncated, unsupported, tooLarge } = readErrors(
  "DICOM",
);

/** What the data sets of one file share: their bytes, and how many elements may still be read. */
interface Source {
  bytes: Uint8Array;
  view: DataView;
  left: number;
}

/**
 * A data set or sequence item (PS3.5 §7). Values are located when the file is read and interpreted when they are
 * asked for, since a file may leave their representation implicit. Nothing is copied.
 */
export class Dataset {
  readonly #elements = new Map<number, Element>();
  readonly #source: Source;
  readonly #depth: number;

  private constructor(
    source: Source,
    readonly coding: Coding,
    depth: number,
  ) {
    this.#source = source;
    this.#depth = depth;
    if (depth > MAX_DEPTH) {
      throw malformed(`its sequences are nested more than ${MAX_DEPTH} deep.`);
    }
  }

  /**
   * Reads the elements from a byte on.
   *
   * @param stop true for the tag of the first element that no longer belongs to the data set.
   * @returns the data set, and where it ended.
   * @throws {EdgeError}
   */
  static read(
    bytes: Uint8Array,
    from: number,
    coding: Coding,
    stop: (tag: number) => boolean = () => false,
  ): { dataset: Dataset; end: number } {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const source = { bytes, view, left: MAX_ELEMENTS };
    const dataset = new Dataset(source, coding, 0);
    const end = dataset.#fill(from, bytes.length, stop);
    return { dataset, end };
  }

  /** Whether there is an element with a value. */
  has(tag: number): boolean {
    const element = this.#elements.get(tag);
    return element !== undefined &&
      (element.end > element.start || element.items !== undefined ||
        element.fragments !== undefined);
  }

  /** The value representation that the file states, or "". */
  vr(tag: number): string {
    return this.#elements.get(tag)?.vr ?? "";
  }

  /** The raw value, or undefined where it is absent or empty. */
  bytes(tag: number): Uint8Array | undefined {
    const element = this.#elements.get(tag);
    if (element === undefined || element.end === element.start) {
      return undefined;
    }
    return this.#source.bytes.subarray(element.start, element.end);
  }

  /** Fragments of encapsulated pixel data, the offset table first; undefined for native data. */
  fragments(tag: number): Uint8Array[] | undefined {
    return this.#elements.get(tag)?.fragments;
  }

  /** A text value of plain characters without its padding; "" where it is absent. */
  text(tag: number): string {
    const bytes = this.bytes(tag)?.subarray(0, MAX_TEXT) ?? new Uint8Array();
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end--;
    return String.fromCharCode(...bytes.subarray(0, end)).trimStart();
  }

  /** The decimal or integer strings of a value; empty where one of them is no number. */
  decimals(tag: number): readonly number[] {
    const element = this.#elements.get(tag);
    if (element === undefined) return [];
    // Every frame reads the values that all of them share.
    element.decimals ??= toDecimals(this.text(tag));
    return element.decimals;
  }

  /** The 16-bit values of an element. */
  shorts(tag: number, signed = false): number[] {
    const element = this.#elements.get(tag);
    if (element === undefined) return [];
    const { view } = this.#source;
    const { littleEndian } = this.coding;
    const count = Math.min((element.end - element.start) >> 1, MAX_TEXT);
    return Array.from({ length: count }, (_, i) => {
      const at = element.start + 2 * i;
      return signed
        ? view.getInt16(at, littleEndian)
        : view.getUint16(at, littleEndian);
    });
  }

  /** The first 16-bit unsigned value, or undefined where it is absent. */
  short(tag: number): number | undefined {
    return this.shorts(tag)[0];
  }

  /** The items of a sequence; none where it is absent. */
  items(tag: number): Dataset[] {
    const element = this.#elements.get(tag);
    if (element === undefined || element.fragments) return [];
    const { vr, start, end } = element;
    element.items ??= this.#sequence(start, end, this.#codingOf(vr)).items;
    return element.items;
  }

  /** The first item of a sequence. */
  item(tag: number): Dataset | undefined {
    return this.items(tag)[0];
  }

  /**
   * The data set with the attributes of one functional group of a frame (PS3.3 §C.7.6.16): the frame's own group, the
   * group that all frames share, or, in a file of a single frame, this data set.
   */
  group(frame: number, tag: number): Dataset {
    return this.items(TAG.perFrameGroups)[frame]?.item(tag) ??
      this.item(TAG.sharedGroups)?.item(tag) ?? this;
  }

  /** How the items of a sequence are coded; those of unknown representation are implicit (PS3.5 §6.2.2). */
  #codingOf(vr: string): Coding {
    return vr === "UN" ? { littleEndian: true, explicit: false } : this.coding;
  }

  #countElement(): void {
    if (this.#source.left-- > 0) return;
    throw malformed(`it has more than ${MAX_ELEMENTS} elements.`);
  }

  /** Reads elements up to `end` or to the first for which `stop` is true; returns where they ended. */
  #fill(from: number, end: number, stop: (tag: number) => boolean): number {
    const { bytes, view } = this.#source;
    const { littleEndian, explicit } = this.coding;
    for (let at = from; at < end;) {
      if (at + 8 > end) {
        // Some writers leave a byte or two of padding.
        if (bytes.subarray(at, end).every((byte) => byte === 0)) return end;
        throw truncated("inside an element");
      }
      const tag = tagAt(view, at, littleEndian);
      if (stop(tag)) return at;
      this.#countElement();
      let vr = "";
      let length: number;
      let start = at + 8;
      if (!explicit || tag >= ITEM) {
        length = view.getUint32(at + 4, littleEndian);
      } else {
        vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
        if (!/^[A-Z]{2}$/.test(vr)) {
          throw malformed("an element states no value representation.");
        }
        if (LONG.test(vr)) {
          if (at + 12 > end) throw truncated("inside an element");
          length = view.getUint32(at + 8, littleEndian);
          start = at + 12;
        } else length = view.getUint16(at + 6, littleEndian);
      }

      const element: Element = { vr, start, end: start + length };
      if (length === UNDEFINED) {
        element.end = start;
        if (tag === TAG.pixelData) {
          const read = this.#encapsulated(start);
          element.fragments = read.fragments;
          at = read.end;
        } else {
          const read = this.#sequence(start, end, this.#codingOf(vr), true);
          element.items = read.items;
          at = read.end;
        }
      } else {
        if (element.end > end) throw truncated("inside an element");
        at = element.end;
      }
      if (!this.#elements.has(tag)) this.#elements.set(tag, element);
    }
    return end;
  }

  /** The items of a sequence (PS3.5 §7.5), up to its end or its delimiter. */
  #sequence(
    from: number,
    end: number,
    coding: Coding,
    delimited = false,
  ): { items: Dataset[]; end: number } {
    const { view } = this.#source;
    const items: Dataset[] = [];
    let at = from;
    while (at < end) {
      if (at + 8 > end) throw truncated("inside a sequence");
      const tag = tagAt(view, at, coding.littleEndian);
      const length = view.getUint32(at + 4, coding.littleEndian);
      at += 8;
      if (tag === SEQUENCE_END && delimited) return { items, end: at };
      if (tag !== ITEM) throw malformed("a sequence holds no items.");
      this.#countElement();
      const item = new Dataset(this.#source, coding, this.#depth + 1);
      if (length === UNDEFINED) {
        at = item.#fill(at, end, (tag) => tag === ITEM_END) + 8;
        if (at > end) throw truncated("inside a sequence");
      } else {
        if (at + length > end) throw truncated("inside a sequence");
        item.#fill(at, at + length, () => false);
        at += length;
      }
      items.push(item);
    }
    if (delimited) throw truncated("inside a sequence");
    return { items, end: at };
  }

  /** The fragments of encapsulated pixel data (PS3.5 §A.4). */
  #encapsulated(from: number): { fragments: Uint8Array[]; end: number } {
    const { bytes, view } = this.#source;
    const fragments: Uint8Array[] = [];
    for (let at = from;;) {
      if (at + 8 > bytes.length) throw truncated("inside its pixel data");
      const tag = tagAt(view, at, true);
      const length = view.getUint32(at + 4, true);
      at += 8;
      if (tag === SEQUENCE_END) return { fragments, end: at };
      if (tag !== ITEM) throw malformed("its pixel data hold no fragments.");
      if (at + length > bytes.length) throw truncated("inside its pixel data");
      this.#countElement();
      fragments.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
}

function toDecimals(text: string): number[] {
  if (text === "") return [];
  const parts = text.split("\\").map((part) => part.trim());
  const numeric = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
  const isNumber = (part: string) =>
    part.length <= MAX_NUMBER && numeric.test(part);
  if (!parts.every(isNumber)) return [];
  const numbers = parts.map(Number);
  return numbers.every(Number.isFinite) ? numbers : [];
}

function tagAt(view: DataView, at: number, littleEndian: boolean): number {
  return view.getUint16(at, littleEndian) * 0x10000 +
    view.getUint16(at + 2, littleEndian);
}
