import { mulberry32 } from "../../lib/numerics/random.ts";

/** Numbers at which parsers go wrong. */
const INTERESTING = [
  ...[0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 64, 100, 127, 128, 129, 255],
  ...[256, 257, 511, 512, 1000, 1024, 4095, 4096, 32767, 32768, 65534, 65535],
  ...[65536, 0x7fffff, 0xffffff, 0x7ffffffe, 0x7fffffff, 0x80000000],
  ...[0xfffffffe, 0xffffffff, 0x100000000, 2 ** 53 - 1],
];

/** A seeded stream of choices. */
export class Random {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  /** A separate stream for every case of a run, so that any case can be repeated alone. */
  static ofCase(seed: number, index: number): Random {
    const mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^
      Math.imul(index + 1, 0xc2b2ae35);
    return new Random(mixed >>> 0);
  }

  /** From 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** A length below `most`; its logarithm is uniform. */
  length(most: number): number {
    return Math.floor(most ** this.next());
  }

  /** An integer for a field that held `old` in a file of `size` bytes. */
  integer(old: number, size: number): number {
    switch (this.below(4)) {
      case 0:
        return old + this.pick([-2, -1, 1, 2]);
      case 1:
        return this.pick([size, size - 1, size + 1, old * 2, old >> 1, -old]);
      case 2:
        return this.below(2 ** 32);
      default:
        return this.pick(INTERESTING);
    }
  }
}
