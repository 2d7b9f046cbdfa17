import type { SampleArray } from "../../codecs/sample_array.ts";
import type { DicomLayout } from "./layout.ts";
import type { Words } from "./native.ts";

/**
 * Stored values: the stored bits of every word, with their sign (PS3.5 §8.1.1). Colours and unsigned values stay in
 * place.
 */
export function toStored(
  layout: DicomLayout,
  words: Words,
): { data: SampleArray; doubt?: string } {
  const { stored, signed, allocated, isFloat } = layout;
  if (isFloat) return { data: words };
  if (!signed && stored === allocated) return { data: words };
  if (signed && stored === 16 && words.BYTES_PER_ELEMENT === 2) {
    const { buffer, byteOffset, length } = words;
    return { data: new Int16Array(buffer, byteOffset, length) };
  }
  // Codecs know the stored bits themselves.
  const stated = isCoded(layout) ? 0 : layout.shift;
  const isLow = stated > 0 && isLowest(layout, words);
  const shift = isLow ? 0 : stated;
  const mask = 2 ** stored - 1;
  let isOver = false;
  const doubt = () =>
    isLow
      ? {
        doubt:
          `It says that its ${stored} bits are the highest of ${allocated}, and they are the lowest; they were read as these.`,
      }
      : isOver
      ? {
        doubt:
          `Some pixels use bits above the ${stored} that it says are stored; these bits were left out.`,
      }
      : {};
  if (!signed) {
    let used = 0;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] >>> shift;
      used |= word;
      words[i] = word & mask;
    }
    isOver = used >>> 0 > mask;
    return { data: words, ...doubt() };
  }
  const out = stored > 16
    ? new Int32Array(words.length)
    : new Int16Array(words.length);
  const unused = 32 - stored;
  const all = 2 ** (8 * words.BYTES_PER_ELEMENT - shift) - 1;
  for (let i = 0; i < out.length; i++) {
    const word = words[i] >>> shift;
    const value = word << unused >> unused;
    // Above a value there are zeros, or its sign.
    if (word > mask && word !== (value & all) >>> 0) isOver = true;
    out[i] = value;
  }
  return { data: out, ...doubt() };
}

/** Whether the words come from a codec that knows the stored bits, as all but native pixels and RLE do. */
function isCoded({ transferSyntax }: DicomLayout): boolean {
  return transferSyntax.startsWith("1.2.840.10008.1.2.4.");
}

/**
 * Whether the words hold their values in the lowest bits, though the file says otherwise: some use bits below the
 * stated ones, and none uses bits above the lowest, but to repeat a sign.
 */
function isLowest(
  { stored, shift, signed, allocated }: DicomLayout,
  words: Words,
): boolean {
  const below = 2 ** shift - 1;
  const negative = 2 ** (allocated - stored + 1) - 1;
  let isUsed = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word >= 2 ** stored && !signed) return false;
    if (signed) {
      const above = word >>> (stored - 1);
      if (above !== 0 && above !== negative) return false;
    }
    isUsed ||= (word & below) !== 0;
  }
  return isUsed;
}
