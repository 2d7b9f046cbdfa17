import type { SampleArray } from "./sample_array.ts";

/** The grey levels run between these percentiles of a picture whose window is not stated. */
export const PERCENTILES = [0.5, 99.5] as const;

/** A window that shows all pixels but this share as black, or as white, leaves nothing to see. */
export const LOST = 0.001;

/** Bins: the top 20 bits of a float32, sign and exponent included. */
const BINS = 1 << 20;
/** Bins of the values of 16-bit integers. */
const SHORT_BINS = 1 << 17;
/** Bits of a float32 that a bin does not tell apart: its values differ by less than one in 2000. */
const DROPPED = 12;
const OFFSET = 1 << 16;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Counts grey values, so that a window can be chosen or checked without sorting them. */
export class GreyHistogram {
  readonly #counts: Uint32Array;
  readonly #isShort: boolean;
  #count = 0;
  #least = Infinity;
  #greatest = -Infinity;

  /** @param isShort whether all values are integers of 16 bits at most, each of which then has its own bin. */
  constructor(isShort: boolean) {
    this.#isShort = isShort;
    this.#counts = new Uint32Array(isShort ? SHORT_BINS : BINS);
  }

  /** Counts values; what is not finite is left out, and so is what `isPadding` says. */
  add(values: SampleArray, isPadding?: (value: number) => boolean): void {
    if (this.#isShort && isPadding === undefined) {
      this.#addAll(values);
      return;
    }
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isFinite(value) || isPadding?.(value)) continue;
      this.#counts[this.#binOf(value)]++;
      this.#count++;
      if (value < this.#least) this.#least = value;
      if (value > this.#greatest) this.#greatest = value;
    }
  }

  /** Counts short integers, most pictures' values, in as few steps as can be. */
  #addAll(values: SampleArray): void {
    const counts = this.#counts;
    let [least, greatest] = [this.#least, this.#greatest];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      counts[value + OFFSET]++;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    this.#count += values.length;
    [this.#least, this.#greatest] = [least, greatest];
  }

  /**
   * The values between which the picture is shown: its {@linkcode PERCENTILES}, which a few hot or dead pixels cannot
   * move. Where these are one value, less is left out on both sides, down to the whole range.
   */
  range(): [low: number, high: number] {
    if (this.#count === 0) return [0, 0];
    for (const part of [1, 0.1, 0.01]) {
      const low = this.#atLeast(PERCENTILES[0] * part / 100);
      const high = this.#atMost(1 - (100 - PERCENTILES[1]) * part / 100);
      if (high > low) return [low, high];
    }
    return [this.#least, this.#greatest];
  }

  /**
   * Whether a window shows a picture that is not constant as black all over, or white, but for a few pixels, or clips
   * it to these two.
   */
  isLostBy(low: number, high: number): boolean {
    if (this.#count === 0 || this.#least === this.#greatest) return false;
    let [black, white, outside] = [0, 0, 0];
    for (let bin = 0; bin < this.#counts.length; bin++) {
      const count = this.#counts[bin];
      if (count === 0) continue;
      const edge = this.#edge(bin);
      if (edge <= low) black += count;
      else if (edge >= high) white += count;
      if (edge < low || edge > high) outside += count;
    }
    const lost = this.#count * (1 - LOST);
    const isClipped = black + white >= lost && outside > this.#count / 2;
    return isClipped || Math.max(black, white) >= lost;
  }

  /** The lower edge of the bin below which less than `share` of the values lie. */
  #atLeast(share: number): number {
    const wanted = Math.floor(share * (this.#count - 1));
    const counts = this.#counts;
    let bin = this.#binOf(this.#least);
    for (let seen = 0; seen <= wanted; bin++) seen += counts[bin];
    return Math.max(this.#edge(bin - 1), this.#least);
  }

  /** The upper end of the bin up to which `share` of the values lie. */
  #atMost(share: number): number {
    const wanted = Math.ceil(share * (this.#count - 1));
    const counts = this.#counts;
    let bin = this.#binOf(this.#least);
    for (let seen = 0; seen <= wanted; bin++) seen += counts[bin];
    const end = this.#isShort ? this.#edge(bin - 1) : this.#edge(bin);
    return Math.min(end, this.#greatest);
  }

  #binOf(value: number): number {
    if (this.#isShort) return value + OFFSET;
    // Without the sign of a zero, which orders nothing.
    float[0] = value + 0;
    const bits = word[0];
    // Negative floats grow towards zero; flipped, all bits order as the values do.
    return ((bits >>> 31 ? ~bits : bits | 0x80000000) >>> 0) >>> DROPPED;
  }

  /** The least value of a bin. */
  #edge(bin: number): number {
    if (this.#isShort) return bin - OFFSET;
    if (bin >= BINS) return Infinity;
    const bits = (bin << DROPPED) >>> 0;
    word[0] = bits >>> 31 ? bits & 0x7fffffff : ~bits;
    return float[0];
  }
}

/** The range between which one picture is shown; see {@linkcode GreyHistogram.range}. */
export function greyRange(
  values: SampleArray,
  isPadding?: (value: number) => boolean,
): [low: number, high: number] {
  const histogram = new GreyHistogram(isShort(values));
  histogram.add(values, isPadding);
  return histogram.range();
}

/** Whether an array holds integers of 16 bits at most. */
export function isShort(values: SampleArray): boolean {
  return values.BYTES_PER_ELEMENT <= 2;
}
