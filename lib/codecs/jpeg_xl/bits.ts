import type { readErrors } from "../../core/read_errors.ts";

/** A choice of {@linkcode HeaderBits.pick}: a number of bits, and what is added to them. */
type Choice = readonly [bits: number, offset: number];

/** Reads the bits of a JPEG XL header, the lowest bit of every byte first (ISO 18181-1 §9.2). */
export class HeaderBits {
  #at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly errors: ReturnType<typeof readErrors>,
  ) {}

  /** The `u(n)` of the standard, up to 32 bits. */
  number(bits: number): number {
    if (this.#at + bits > 8 * this.bytes.length) {
      throw this.errors.truncated("inside its header");
    }
    let value = 0;
    for (let i = 0; i < bits; i++, this.#at++) {
      value += ((this.bytes[this.#at >> 3] >> (this.#at & 7)) & 1) * 2 ** i;
    }
    return value;
  }

  flag(): boolean {
    return this.number(1) === 1;
  }

  /** The `U32` of the standard: two bits choose. */
  pick(...choices: [Choice, Choice, Choice, Choice]): number {
    const [bits, offset] = choices[this.number(2)];
    return offset + this.number(bits);
  }

  /** The `Enum` of the standard. */
  choice(): number {
    return this.pick([0, 0], [0, 1], [4, 2], [6, 18]);
  }

  skip(bits: number): void {
    for (let left = bits; left > 0; left -= 32) this.number(Math.min(32, left));
  }

  /** Goes on at the next whole byte. */
  align(): void {
    this.#at = (this.#at + 7) & ~7;
  }
}
