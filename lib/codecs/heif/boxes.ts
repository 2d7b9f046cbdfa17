import type { readErrors } from "../../core/read_errors.ts";

/** The errors of one file's format, so that its name is in every sentence. */
export type Errors = ReturnType<typeof readErrors>;

/** A box of ISO 14496-12 §4.2: its type, and where its body lies. */
export interface Box {
  type: string;
  from: number;
  to: number;
}

/** The boxes of a file or of a box that is whole. @throws {EdgeError} `truncated` for one that runs past the end. */
export function* boxesOf(
  bytes: Uint8Array,
  errors: Errors,
  from = 0,
  to = bytes.length,
): Generator<Box> {
  for (let at = from; at + 8 <= to;) {
    const reader = new BoxReader(bytes, errors, { from: at, to });
    let size = reader.number(4);
    const type = reader.text();
    if (size === 1) size = reader.number(8);
    if (size === 0) size = to - at;
    // Bytes that are no box: writers append their own after the last one.
    if (!/^[\x20-\x7e\xa9]{4}$/.test(type) || size < reader.at - at) return;
    if (size > to - at) {
      if (to < bytes.length) throw errors.malformed("a box leaves its box.");
      throw errors.truncated("inside one of its boxes");
    }
    yield { type, from: reader.at, to: at + size };
    at += size;
  }
}

/** Reads the fields of a box, one after another. */
export class BoxReader {
  at: number;
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly errors: Errors,
    readonly box: Pick<Box, "from" | "to">,
  ) {
    this.at = box.from;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Big-endian, of 0, 1, 2, 3, 4 or 8 bytes. */
  number(size: number): number {
    const at = this.skip(size);
    if (size === 8) return Number(this.#view.getBigUint64(at));
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[at + i];
    return value;
  }

  /** A four-character code. */
  text(): string {
    const at = this.skip(4);
    return String.fromCharCode(...this.bytes.subarray(at, at + 4));
  }

  /** Goes on by that many bytes, and says where they are. */
  skip(size: number): number {
    const { at } = this;
    if (at + size > this.box.to) {
      throw this.errors.malformed("a box is shorter than its contents.");
    }
    this.at += size;
    return at;
  }
}

/** The brands of still pictures in ISO boxes, and of sequences beside them (ISO 23008-12 §10, AV1 in HEIF §6). */
export const HEIF_BRANDS = {
  AVIF: ["avif", "avis"],
  HEIC: ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"],
};

/** The kind of a still picture in ISO boxes by its `ftyp` box: its major brand decides, then the compatible ones. */
export function heifKind(bytes: Uint8Array): "AVIF" | "HEIC" | undefined {
  const at = (from: number) =>
    String.fromCharCode(...bytes.subarray(from, from + 4));
  if (at(4) !== "ftyp") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const to = Math.min(view.getUint32(0), bytes.length, 1024);
  const brands = [at(8)];
  for (let from = 16; from + 4 <= to; from += 4) brands.push(at(from));
  // The structural brand, mif1, stands in AVIF files too.
  const kinds = brands.map((brand) =>
    HEIF_BRANDS.AVIF.includes(brand)
      ? "AVIF" as const
      : HEIF_BRANDS.HEIC.includes(brand)
      ? "HEIC" as const
      : undefined
  );
  return kinds.includes("AVIF") && !brands.some((b) => /^he/.test(b))
    ? "AVIF"
    : kinds.find((kind) => kind !== undefined);
}
