import { readErrors } from "../../core/read_errors.ts";

const { damaged, malformed, truncated } = readErrors("JPEG");

/** A Huffman table (T.81 §C.2) as a look-up by the next 16 bits: length · 256 + symbol, 0 where no code fits. */
type HuffmanTable = Uint16Array;

/**
 * @param spec 16 counts of codes by their length, then their symbols.
 * @throws {EdgeError} for counts that no prefix code has.
 */
function buildHuffman(spec: Uint8Array): HuffmanTable {
  const table = new Uint16Array(0x10000);
  let code = 0;
  let symbol = 16;
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < spec[length - 1]; i++, symbol++) {
      const span = 1 << (16 - length);
      if (code + span > 0x10000 || symbol >= spec.length) {
        throw malformed("a Huffman table has more codes than there can be.");
      }
      table.fill((length << 8) | spec[symbol], code, code + span);
      code += span;
    }
  }
  return table;
}

/** The table of a class (0 DC or lossless, 1 AC) that a scan names. @throws {EdgeError} */
export function huffmanTable(
  specs: Map<number, Uint8Array>,
  kind: 0 | 1,
  destination: number,
): HuffmanTable {
  const spec = specs.get(kind * 16 + destination);
  if (spec === undefined) {
    throw malformed("a scan names a table that is missing.");
  }
  return buildHuffman(spec);
}

/** Bytes before a marker that are no data; libjpeg calls them extraneous, and as many pass at the end of a file. */
const MAX_STRAY = 9;

/**
 * The place behind what some writers put between the data of a scan and the next marker: zeros and fill bytes
 * (T.81 §B.1.1.2), however many.
 */
export function skipPadding(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0 || (bytes[at] === 0xff && !(bytes[at + 1] < 0xff))) {
    at++;
  }
  return at;
}

/** Bits of one entropy-coded segment (T.81 §F.2.2.5), without its stuffed zeros. */
export class EntropyReader {
  #bits = 0;
  #count = 0;
  /** Zero bits that were appended after the end. */
  #appended = 0;

  constructor(readonly bytes: Uint8Array, public at: number) {}

  /** The next Huffman-coded symbol. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table[(this.#bits >>> (this.#count - 16)) & 0xffff];
    if (entry === 0) throw damaged();
    this.#count -= entry >> 8;
    return entry & 255;
  }

  /** A difference of a category (T.81 §F.1.2.1.1, table H.2), 0 to 16. */
  difference(category: number): number {
    if (category === 0) return 0;
    if (category === 16) return 32768;
    if (category > 16) throw damaged();
    if (this.#count < category) this.#fill();
    this.#count -= category;
    const value = (this.#bits >>> this.#count) & ((1 << category) - 1);
    return value < 1 << (category - 1) ? value - (1 << category) + 1 : value;
  }

  /** The next bits, at most 16, as a number. */
  bits(count: number): number {
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  /** @throws {EdgeError} `truncated` where more bits were taken than the data have. */
  requireWhole(): void {
    if (this.#count >= this.#appended) return;
    throw truncated("inside its picture data");
  }

  /** Where the data end of which bits were taken. @throws {EdgeError} as {@linkcode requireWhole} does. */
  end(): number {
    this.requireWhole();
    const { bytes } = this;
    let at = this.at;
    for (let unread = (this.#count - this.#appended) >> 3; unread > 0;) {
      at -= bytes[at - 1] === 0 && bytes[at - 2] === 0xff ? 2 : 1;
      unread--;
    }
    return at;
  }

  /** Continues after the next restart marker, before which padding and a few stray bytes may stand. */
  restart(): void {
    const { bytes } = this;
    let at = skipPadding(bytes, this.end());
    for (let i = 0; i < MAX_STRAY && bytes[at] !== 0xff; i++) at++;
    if (
      bytes[at] !== 0xff || !(bytes[at + 1] >= 0xd0 && bytes[at + 1] <= 0xd7)
    ) {
      throw malformed("a restart marker is missing.");
    }
    this.at = at + 2;
    this.#bits = this.#count = this.#appended = 0;
  }

  #fill(): void {
    while (this.#count <= 16) {
      let byte = this.bytes[this.at];
      if (
        byte === undefined || (byte === 0xff && this.bytes[this.at + 1] !== 0)
      ) {
        byte = 0;
        this.#appended += 8;
      } else this.at += byte === 0xff ? 2 : 1;
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }
}
