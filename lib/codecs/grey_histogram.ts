import type { SampleArray } from "./sample_array.ts";

/** The grey levels run between these percentiles of a picture whose window is not stated. */
export const PERCENTILES = [0.5, 99.5] as const;

/** A window that shows all pixels but this share as black, or as white, leaves nothing to see. */
export const LOST = 0.001;

/** Bins: the top 20 bits of a float32, sign and exponent included. */
const BINS = 1 << 20;
/** Bins of the values of 16-bit integers, signed or not. */
const SHORT_BINS = 3 << 15;
/** Bits of a float32 that a bin does not tell apart: its values differ by less than one in 2000. */
const DROPPED = 12;
const OFFSET = 1 << 15;

/** Counts of words; used again for every picture, since memory for each would pile up until it is collected. */
const WORDS = new Uint32Array(1 << 16);

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** How a picture is shown whose window is not stated, and how far its values reach. */
export interface GreyRange {
  /** The values that are shown black and white. */
  low: number;
  high: number;
  /** The least and the greatest of all values; infinite where one is. */
  least: number;
  most: number;
}

/** Counts grey values, so that a window can be chosen or checked without sorting them. */
export class GreyHistogram {
  readonly #counts: Uint32Array;
  readonly #isShort: boolean;
  #count = 0;
  /** Of the finite values. */
  #least = Infinity;
  #greatest = -Infinity;
  #isInfinite = { below: false, above: false };

  /** @param isShort whether all values are integers of 16 bits at most, each of which then has its own bin. */
  constructor(isShort: boolean) {
    this.#isShort = isShort;
    this.#counts = new Uint32Array(isShort ? SHORT_BINS : BINS);
  }

  /** Counts values; what is not finite is left out, and so is what `isPadding` says. */
  add(values: SampleArray, isPadding?: (value: number) => boolean): void {
    if (this.#isShort) return this.#addShort(values, isPadding);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (isPadding?.(value)) continue;
      if (Number.isFinite(value)) this.#add(value, 1);
      else if (value > 0) this.#isInfinite.above = true;
      else if (value < 0) this.#isInfinite.below = true;
    }
  }

  /** Counts short integers, most pictures' values, by their bits first: in as few steps as can be. */
  #addShort(values: SampleArray, isPadding?: (value: number) => boolean): void {
    const counts = countWords(values);
    const unused = values instanceof Int16Array ? 16 : 0;
    for (let word = 0; word < counts.length; word++) {
      const count = counts[word];
      if (count === 0) continue;
      const value = word << unused >> unused;
      if (!isPadding?.(value)) this.#add(value, count);
    }
  }

  #add(value: number, count: number): void {
    this.#counts[this.#binOf(value)] += count;
    this.#count += count;
    if (value < this.#least) this.#least = value;
    if (value > this.#greatest) this.#greatest = value;
  }

  /**
   * The values between which the picture is shown: its {@linkcode PERCENTILES}, which a few hot or dead pixels cannot
   * move. Where these are one value, less is left out on both sides, down to the whole range.
   */
  range(): GreyRange {
    const [low, high] = this.#percentiles();
    const { below, above } = this.#isInfinite;
    return {
      low,
      high,
      least: below ? -Infinity : this.#least,
      most: above ? Infinity : this.#greatest,
    };
  }

  #percentiles(): [low: number, high: number] {
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
): GreyRange {
  const histogram = new GreyHistogram(isShort(values));
  histogram.add(values, isPadding);
  return histogram.range();
}

/** How often each word of 8 or 16 bits occurs in an array of short integers; valid until the next call. */
function countWords(values: SampleArray): Uint32Array {
  const words = values instanceof Int16Array
    ? new Uint16Array(values.buffer, values.byteOffset, values.length)
    : values;
  const counts = WORDS.subarray(0, 2 ** (8 * values.BYTES_PER_ELEMENT)).fill(0);
  for (let i = 0; i < words.length; i++) counts[words[i]]++;
  return counts;
}

/** Whether an array holds integers of 16 bits at most. */
export function isShort(values: SampleArray): boolean {
  return values.BYTES_PER_ELEMENT <= 2;
}
