import { readErrors } from "../../core/read_errors.ts";

const { damaged, truncated } = readErrors("JPEG-LS");

/** The bits of a JPEG-LS scan; after a byte 0xFF comes one stuffed zero bit (T.87 §9.1). */
export class JpegLsBits {
  /** The next bits, left-aligned in 32. */
  #held = 0;
  #count = 0;

  constructor(readonly bytes: Uint8Array, private at: number) {}

  /** Where the next marker is. */
  get end(): number {
    const { bytes } = this;
    let at = this.at;
    while (
      at + 1 < bytes.length && !(bytes[at] === 0xff && bytes[at + 1] >= 0x80)
    ) at++;
    return at;
  }

  #fill(): void {
    const { bytes } = this;
    while (this.#count <= 24 && this.at < bytes.length) {
      const byte = bytes[this.at];
      if (byte === 0xff && !(bytes[this.at + 1] < 0x80)) return;
      const stuffed = this.at > 0 && bytes[this.at - 1] === 0xff;
      const width = stuffed ? 7 : 8;
      this.#held |= byte << (32 - width - this.#count);
      this.#count += width;
      this.at++;
    }
  }

  /** At most 24 bits, the highest first. */
  read(width: number): number {
    if (width === 0) return 0;
    if (this.#count < width) this.#fill();
    if (this.#count < width) throw truncated("inside its picture data");
    const value = this.#held >>> (32 - width);
    this.#held <<= width;
    this.#count -= width;
    return value;
  }

  /**
   * A number in the Golomb code of limited length (T.87 §A.5.3).
   *
   * @param k low bits; @param limit bits at most; @param whole bits of a number without a short code.
   */
  golomb(k: number, limit: number, whole: number): number {
    const most = limit - whole - 1;
    let zeros = 0;
    for (;;) {
      if (this.#count === 0) this.#fill();
      if (this.#count === 0) throw truncated("inside its picture data");
      const found = Math.min(Math.clz32(this.#held), this.#count);
      zeros += found;
      if (zeros > most) throw damaged();
      const ended = found < this.#count;
      this.#skip(ended ? found + 1 : found);
      if (ended) break;
    }
    return zeros < most ? (zeros << k) + this.read(k) : this.read(whole) + 1;
  }

  #skip(width: number): void {
    this.#held = width < 32 ? this.#held << width : 0;
    this.#count -= width;
  }
}
