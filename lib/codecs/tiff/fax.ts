import type { EdgeError } from "../../core/errors.ts";
import { readErrors } from "../../core/read_errors.ts";
import {
  CODE_BITS,
  type CodeTable,
  EXTENSION,
  HORIZONTAL,
  MODES,
  PASS,
  RUNS,
} from "./fax_codes.ts";

const { malformed, truncated, unsupported } = readErrors("TIFF");

const damaged = () => malformed("its fax data are damaged.");

/** Bits of an end-of-line code before its 1, T.4 §4.1.2. */
const EOL_ZEROS = 11;

/** How lines are coded: modified Huffman (TIFF 6.0 §10), or T.4 (§11) in one or two dimensions, or T.6. */
export type FaxCoding = "huffman" | "t4" | "t4-2d" | "t6";

/**
 * Decodes one strip or tile of fax data to lines of packed bits, black 1, each of whole bytes. Every line takes at least
 * one bit of the data, so these bound the picture. Nothing is filled in where the data are damaged or end early.
 *
 * It is our own since the decoders on npm guess on: they have no bound, and take damaged lines and missing ends for
 * white.
 *
 * @throws {EdgeError}
 */
export function decodeFax(
  segment: Uint8Array,
  width: number,
  rows: number,
  coding: FaxCoding,
): Uint8Array {
  if (rows > segment.length * 8) throw cut();
  const stride = Math.ceil(width / 8);
  const out = new Uint8Array(stride * rows);
  const bits = new BitReader(segment);
  let above = new Line(width);
  let line = new Line(width);
  for (let row = 0; row < rows; row++) {
    line.clear();
    let flat = coding !== "t6";
    if (coding === "huffman") bits.align();
    else if (coding !== "t6" && bits.skipEndOfLine()) {
      if (coding === "t4-2d") flat = bits.take(1) === 1;
      if (bits.isEndOfLine()) throw cut(); // six of them end the page
    } else if (coding === "t4-2d") throw bits.failure();
    if (flat) readRuns(bits, line);
    else readDifferences(bits, above, line);
    line.paint(out, row * stride);
    [above, line] = [line, above];
  }
  return out;
}

const cut = () => truncated("inside its fax data");

/** A line in one dimension: white and black runs in turn. */
function readRuns(bits: BitReader, line: Line): void {
  for (let colour = 0, at = 0; at < line.width; colour ^= 1) {
    at += bits.run(colour);
    line.changeAt(at);
  }
}

/** A line in two dimensions, T.4 §4.2.1.3 and T.6 §2.2: its changes by those of the line above. */
function readDifferences(bits: BitReader, above: Line, line: Line): void {
  let colour = 0;
  // A line starts before its first pixel, which may be a change.
  let a0 = -1;
  let b1 = 0;
  while (a0 < line.width) {
    while (b1 > 0 && above.at(b1 - 1) > a0) b1--;
    while (above.at(b1) <= a0) b1++;
    if ((b1 & 1) !== colour) b1++; // the first change right of a0 that is one to the other colour
    const mode = bits.code(MODES);
    const start = Math.max(a0, 0);
    if (mode < PASS) {
      a0 = above.at(b1) + mode - 3;
      if (a0 < start) throw damaged();
      line.changeAt(a0);
      colour ^= 1;
    } else if (mode === PASS) a0 = above.at(b1 + 1);
    else if (mode === HORIZONTAL) {
      const middle = start + bits.run(colour);
      line.changeAt(middle);
      a0 = middle + bits.run(colour ^ 1);
      line.changeAt(a0);
    } else if (mode === EXTENSION) {
      throw unsupported("coded fax data", "an extension of T.6");
    }
  }
}

/** Where the pixels of a line change their colour, from white at its left on. */
class Line {
  readonly changes: Int32Array;
  count = 0;

  constructor(readonly width: number) {
    this.changes = new Int32Array(width);
  }

  clear(): void {
    this.count = 0;
  }

  /** Place of a change; the line's end after the last one. */
  at(index: number): number {
    return index < this.count ? this.changes[index] : this.width;
  }

  /** Adds a change, right of the one before; two at one place are none. */
  changeAt(x: number): void {
    if (x > this.width) throw damaged();
    if (x === this.width) return;
    if (this.count > 0 && this.changes[this.count - 1] === x) this.count--;
    else this.changes[this.count++] = x;
  }

  /** Sets the bits of the black pixels. */
  paint(out: Uint8Array, at: number): void {
    for (let i = 0; i < this.count; i += 2) {
      const [from, to] = [this.at(i), this.at(i + 1)];
      const [first, last] = [at + (from >> 3), at + (to >> 3)];
      const [head, tail] = [0xff >> (from & 7), ~(0xff >> (to & 7)) & 0xff];
      if (first === last) out[first] |= head & tail;
      else {
        out[first] |= head;
        out.fill(0xff, first + 1, last);
        if (tail !== 0) out[last] |= tail;
      }
    }
  }
}

/** Bits of fax data, the highest of a byte first. */
class BitReader {
  #at = 0;
  readonly #end: number;

  constructor(readonly bytes: Uint8Array) {
    this.#end = bytes.length * 8;
  }

  /** The value of the next code. */
  code(table: CodeTable): number {
    const entry = table[this.#peek()];
    if (entry === 0) throw this.failure();
    this.#skip(entry & 15);
    return entry >> 4;
  }

  /** The next run: any number of codes of 64 and more, and one of less. */
  run(colour: number): number {
    for (let sum = 0;;) {
      const run = this.code(RUNS[colour]);
      sum += run;
      if (run < 64) return sum;
    }
  }

  take(count: number): number {
    const value = this.#peek() >> (CODE_BITS - count);
    this.#skip(count);
    return value;
  }

  align(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }

  isEndOfLine(): boolean {
    return this.#peek() >> (CODE_BITS - EOL_ZEROS) === 0;
  }

  /** Skips an end-of-line code with its fill, and says whether there was one. */
  skipEndOfLine(): boolean {
    if (!this.isEndOfLine()) return false;
    this.#skip(EOL_ZEROS);
    while (this.take(1) === 0);
    return true;
  }

  /** Why there is no code: the data are over, or are damaged. */
  failure(): EdgeError {
    const isOver = this.#at + CODE_BITS > this.#end || this.isEndOfLine();
    return isOver ? cut() : damaged();
  }

  #skip(count: number): void {
    this.#at += count;
    if (this.#at > this.#end) throw cut();
  }

  /** The next 13 bits; zeros after the end. */
  #peek(): number {
    const { bytes } = this;
    const byte = this.#at >> 3;
    const three = ((bytes[byte] ?? 0) << 16) | ((bytes[byte + 1] ?? 0) << 8) |
      (bytes[byte + 2] ?? 0);
    return (three >> (24 - CODE_BITS - (this.#at & 7))) &
      ((1 << CODE_BITS) - 1);
  }
}
