import { readErrors } from "../../core/read_errors.ts";
import {
  type Warning,
  type WarningCode,
  warnOnce,
} from "../../core/warnings.ts";
import { toDecimals } from "./decimals.ts";
import {
  type Coding,
  findHead,
  fits,
  type Head,
  isFollowed,
  ITEM,
  ITEM_END,
  itemCoding,
  SEQUENCE_END,
  statesVr,
  tagAt,
  UNDEFINED,
} from "./head.ts";
import { TAG } from "./tags.ts";

/** One data element: where its value lies in the bytes of its data set. */
interface Element {
  /** Value representation, or "" where it is implicit. */
  vr: string;
  start: number;
  end: number;
  /** Items of a sequence, once they have been found. */
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
/** Bytes of padding behind the pixels that may be stated and not there. */
const MAX_LACKING = 8;
/** Bytes of the end mark of a sequence or an item. */
const MARK = 8;

/** Elements of pixel data: integers, floats and doubles. */
const PIXELS: number[] = [TAG.pixelData, TAG.floatPixels, TAG.doublePixels];

export const { malformed, truncated, unsupported, tooLarge } = readErrors(
  "DICOM",
);

/** What the data sets of one file share: their bytes, how many elements may still be read, and doubts about them. */
interface Source {
  bytes: Uint8Array;
  view: DataView;
  left: number;
  warnings: Warning[];
}

/**
 * A data set or sequence item (PS3.5 §7). Values are located when the file is read and interpreted when they are
 * asked for, since a file may leave their representation implicit; items whose length is stated are not even read
 * before. Nothing is copied. Slips of writers that leave one reading only are mended ({@linkcode findHead}).
 */
export class Dataset {
  readonly #elements = new Map<number, Element>();
  readonly #source: Source;
  readonly #depth: number;
  /** Where the elements lie, until they are read. */
  #unread: { from: number; end: number } | undefined;

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
    const source = { bytes, view, left: MAX_ELEMENTS, warnings: [] };
    const dataset = new Dataset(source, coding, 0);
    const end = dataset.#fill(from, bytes.length, stop);
    return { dataset, end };
  }

  /** Doubts about the elements that have been read so far. */
  get warnings(): readonly Warning[] {
    return this.#source.warnings;
  }

  /** Whether there is an element with a value. */
  has(tag: number): boolean {
    const element = this.#find(tag);
    return element !== undefined &&
      (element.end > element.start || element.items !== undefined ||
        element.fragments !== undefined);
  }

  /** The value representation that the file states, or "". */
  vr(tag: number): string {
    return this.#find(tag)?.vr ?? "";
  }

  /** The raw value, or undefined where it is absent or empty. */
  bytes(tag: number): Uint8Array | undefined {
    const element = this.#find(tag);
    if (element === undefined || element.end === element.start) {
      return undefined;
    }
    return this.#source.bytes.subarray(element.start, element.end);
  }

  /** Fragments of encapsulated pixel data, the offset table first; undefined for native data. */
  fragments(tag: number): Uint8Array[] | undefined {
    return this.#find(tag)?.fragments;
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
    const element = this.#find(tag);
    if (element === undefined) return [];
    // Every frame reads the values that all of them share.
    element.decimals ??= toDecimals(this.text(tag));
    return element.decimals;
  }

  /** The 16-bit values of an element. */
  shorts(tag: number, signed = false): number[] {
    return this.#numbers(
      tag,
      2,
      (view, at, littleEndian) =>
        signed
          ? view.getInt16(at, littleEndian)
          : view.getUint16(at, littleEndian),
    );
  }

  /** The first 16-bit unsigned value, or undefined where it is absent. */
  short(tag: number): number | undefined {
    return this.shorts(tag)[0];
  }

  /** The floating-point values of an element, of 4 or 8 bytes. */
  floats(tag: number, size: 4 | 8): number[] {
    return this.#numbers(
      tag,
      size,
      (view, at, littleEndian) =>
        size === 4
          ? view.getFloat32(at, littleEndian)
          : view.getFloat64(at, littleEndian),
    );
  }

  /** The items of a sequence; none where it is absent. */
  items(tag: number): Dataset[] {
    const element = this.#find(tag);
    if (element === undefined || element.fragments) return [];
    const { vr, start, end } = element;
    element.items ??= this.#sequence(start, end, vr, undefined).items;
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

  #find(tag: number): Element | undefined {
    if (this.#unread !== undefined) {
      const { from, end } = this.#unread;
      this.#fill(from, end);
      this.#unread = undefined;
    }
    return this.#elements.get(tag);
  }

  #numbers(
    tag: number,
    size: number,
    read: (view: DataView, at: number, littleEndian: boolean) => number,
  ): number[] {
    const element = this.#find(tag);
    if (element === undefined) return [];
    const { start, end } = element;
    const length = Math.min(Math.floor((end - start) / size), MAX_TEXT);
    const { view } = this.#source;
    const { littleEndian } = this.coding;
    return Array.from(
      { length },
      (_, i) => read(view, start + i * size, littleEndian),
    );
  }

  #countElement(): void {
    if (this.#source.left-- > 0) return;
    throw malformed(`it has more than ${MAX_ELEMENTS} elements.`);
  }

  #warn(code: WarningCode, detail: string): void {
    warnOnce(this.#source.warnings, { code, detail });
  }

  /** Reads elements up to `end` or to the first for which `stop` is true; returns where they ended. */
  #fill(
    from: number,
    end: number,
    stop: (tag: number) => boolean = () => false,
  ): number {
    const { view } = this.#source;
    const { littleEndian } = this.coding;
    for (let at = from; at < end;) {
      if (at + MARK <= end) {
        const tag = tagAt(view, at, littleEndian);
        if (stop(tag)) return at;
        this.#countElement();
        if (tag === ITEM_END || tag === SEQUENCE_END) {
          // An end mark behind a value whose length was stated already.
          at += MARK;
          continue;
        }
      }
      const head = findHead(view, at, end, this.coding);
      if (head !== undefined && this.#isSound(head, end)) {
        at = this.#add(head, end);
      } else if (this.#isTail(at, end)) {
        return end;
      } else if (head !== undefined && this.#lacksPadding(head, end)) {
        this.#warn("end-mended", "The file lacks its last bytes of padding.");
        return this.#add({ ...head, length: end - head.start }, end);
      } else if (
        head !== undefined || at + MARK > end || statesVr(view, at)
      ) {
        throw truncated("inside an element");
      } else {
        throw malformed("an element states no value representation.");
      }
    }
    return end;
  }

  /** Whether an element can be read; behind the pixel data, what looks like one may be padding. */
  #isSound(head: Head, end: number): boolean {
    if (!fits(head, end)) return false;
    if (head.length !== UNDEFINED || !this.#hasPixels()) return true;
    return this.#isMark(head.start, end);
  }

  /** Whether the file ends a little before its pixel data do; whether a pixel is missing, their size tells. */
  #lacksPadding({ tag, start, length }: Head, end: number): boolean {
    return PIXELS.includes(tag) && start + length <= end + MAX_LACKING;
  }

  #hasPixels(): boolean {
    return this.#depth === 0 && PIXELS.some((tag) => this.#elements.has(tag));
  }

  /** Whether an item or an end mark starts at a byte. */
  #isMark(at: number, end: number): boolean {
    if (at + MARK > end) return false;
    const tag = tagAt(this.#source.view, at, this.coding.littleEndian);
    return tag === ITEM || tag === ITEM_END || tag === SEQUENCE_END;
  }

  /** Whether only padding is left: zeros, or anything behind the pixel data, which come last of what is needed. */
  #isTail(at: number, end: number): boolean {
    if (this.#source.bytes.subarray(at, end).every((byte) => byte === 0)) {
      return true;
    }
    if (!this.#hasPixels()) return false;
    this.#warn(
      "end-mended",
      "Behind its pixel data the file holds bytes that are no elements; they were left out.",
    );
    return true;
  }

  /** Adds an element; returns where it ends. */
  #add(head: Head, end: number): number {
    const { tag, vr, start, length } = head;
    const element: Element = { vr, start, end: start };
    let at: number;
    if (length !== UNDEFINED) {
      element.end = start + length;
      at = this.#endOf(head, end);
      if (at < element.end) element.end = at;
    } else if (tag === TAG.pixelData) {
      const read = this.#encapsulated(start, end);
      element.fragments = read.fragments;
      at = read.end;
    } else if (/^(SQ|UN|)$/.test(vr) && this.#isSequence(vr, start, end)) {
      const read = this.#sequence(start, end, vr, tag);
      element.items = read.items;
      at = read.end;
    } else {
      at = this.#skip(start, end);
    }
    const known = this.#elements.get(tag);
    if (known === undefined) this.#elements.set(tag, element);
    else if (this.#depth === 0 && !this.#isSame(known, element)) {
      this.#warn(
        "contradiction",
        "The file states an attribute twice, with different values; the first one was taken.",
      );
    }
    return at;
  }

  #isSame(a: Element, b: Element): boolean {
    const { bytes } = this.#source;
    return a.end - a.start === b.end - b.start &&
      bytes.subarray(a.start, a.end).every((byte, i) =>
        byte === bytes[b.start + i]
      );
  }

  /**
   * Where a value of stated length ends. A sequence may be too long by the end mark that its writer then left out, and
   * a value of odd length may have a byte of padding that was not counted.
   */
  #endOf({ tag, vr, start, length }: Head, end: number): number {
    const stated = start + length;
    const isSequence = length >= MARK && (vr === "SQ" || vr === "") &&
      this.#isMark(start, stated);
    if (!isSequence && length % 2 === 0) return stated;
    const { view } = this.#source;
    const ends = [stated, isSequence ? stated - MARK : stated + 1];
    return ends.find((at) => isFollowed(view, at, end, tag, this.coding)) ??
      stated;
  }

  /** Whether a value of undefined length is a sequence; other values have such lengths in private elements. */
  #isSequence(vr: string, at: number, end: number): boolean {
    if (vr === "SQ" || this.#isMark(at, end)) return true;
    // A sequence without items may end with a mark of zeros.
    return at + MARK <= end && tagAt(this.#source.view, at, true) === 0;
  }

  /** Where a value of undefined length ends that is no sequence: fragments, or bytes up to the next end mark. */
  #skip(from: number, end: number): number {
    if (this.#isMark(from, end)) return this.#encapsulated(from, end).end;
    const { view, bytes } = this.#source;
    const { littleEndian } = this.coding;
    const mark = littleEndian ? 0xfe : 0xff;
    for (let at = bytes.indexOf(mark, from); at >= 0 && at + MARK <= end;) {
      if (tagAt(view, at, littleEndian) === SEQUENCE_END) return at + MARK;
      at = bytes.indexOf(mark, at + 1);
    }
    throw truncated("inside an element");
  }

  /**
   * The items of a sequence (PS3.5 §7.5).
   *
   * @param vr "UN" for a sequence of unknown representation, whose items are implicit (PS3.5 §6.2.2).
   * @param tag of a sequence of undefined length, which goes up to its end mark.
   */
  #sequence(
    from: number,
    end: number,
    vr: string,
    tag: number | undefined,
  ): { items: Dataset[]; end: number } {
    const { view } = this.#source;
    const coding = vr === "UN"
      ? { littleEndian: true, explicit: false }
      : this.coding;
    const items: Dataset[] = [];
    let at = from;
    while (at < end) {
      if (at + MARK > end) throw truncated("inside a sequence");
      const mark = tagAt(view, at, coding.littleEndian);
      if (mark === SEQUENCE_END || (mark === 0 && tag !== undefined)) {
        return { items, end: at + MARK };
      }
      if (mark === ITEM_END) {
        this.#countElement();
        at += MARK;
      } else if (mark === ITEM) {
        const length = view.getUint32(at + 4, coding.littleEndian);
        const read = this.#item(at + MARK, end, length, coding);
        items.push(read.item);
        at = read.end;
      } else if (
        tag !== undefined && isFollowed(view, at, end, tag, this.coding)
      ) {
        return { items, end: at };
      } else throw malformed("a sequence holds no items.");
    }
    if (tag !== undefined) throw truncated("inside a sequence");
    return { items, end: at };
  }

  /** One item of a sequence, and where it ends. */
  #item(
    from: number,
    end: number,
    length: number,
    coding: Coding,
  ): { item: Dataset; end: number } {
    this.#countElement();
    const { view } = this.#source;
    const isOpen = length === UNDEFINED;
    const stated = isOpen ? end : from + length;
    if (stated > end) throw truncated("inside a sequence");
    const own = itemCoding(view, from, stated, coding);
    const item = new Dataset(this.#source, own, this.#depth + 1);
    if (!isOpen) {
      item.#unread = { from, end: stated };
      return { item, end: stated };
    }
    // The mark of the next item, or of the sequence's end, ends an item that has none; some marks are zeros.
    const at = item.#fill(from, end, (tag) => tag >= ITEM || tag === 0);
    if (at + MARK > end) throw truncated("inside a sequence");
    const mark = tagAt(view, at, own.littleEndian);
    const isOwn = mark === ITEM_END || mark === 0;
    return { item, end: isOwn ? at + MARK : at };
  }

  /** The fragments of encapsulated pixel data (PS3.5 §A.4). */
  #encapsulated(
    from: number,
    end: number,
  ): { fragments: Uint8Array[]; end: number } {
    const { bytes, view } = this.#source;
    const fragments: Uint8Array[] = [];
    for (let at = from;;) {
      const mark = at + MARK <= end ? tagAt(view, at, true) : undefined;
      if (mark === SEQUENCE_END) return { fragments, end: at + MARK };
      if (mark !== ITEM) {
        // 3 bytes tell the next item from the end mark.
        const isCut = mark === undefined && at + 3 <= end &&
          bytes[at] === 0xfe &&
          bytes[at + 1] === 0xff && bytes[at + 2] === 0;
        if (isCut || (fragments.length === 0 && mark === undefined)) {
          throw truncated("inside its pixel data");
        }
        if (fragments.length === 0) {
          throw malformed("its pixel data hold no fragments.");
        }
        this.#warn(
          "end-mended",
          "Its pixel data have no end mark; their fragments are whole.",
        );
        return {
          fragments,
          end: mark === undefined ? end : mark === 0 ? at + MARK : at,
        };
      }
      const length = view.getUint32(at + 4, true);
      at += MARK;
      if (at + length > end) throw truncated("inside its pixel data");
      this.#countElement();
      fragments.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
}
