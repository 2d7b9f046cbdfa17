import { invalidInput } from "../core/errors.ts";
import type { Size } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";

/**
 * Label Studio's run lengths of a brush (`@thi.ng/rle-pack`): a bit stream of the number of values (32 bits), the width
 * of a value (5), four widths of run lengths (4 each), then blocks: a bit that says whether one value repeats, which of
 * the widths its length has (2), the length, and the value or values. The values are those of an RGBA picture; alpha
 * is the mask.
 */
const CHANNELS = 4;
/** Bits of a run's length, as Label Studio's own converter writes them. */
const LENGTH_BITS = [3, 4, 8, 16];
const LONGEST = 2 ** 16;

/** Writes a mask; pixels other than 0 are inside. */
export function encodeBrush({ width, height, data }: Mask): number[] {
  const out: number[] = [];
  let [byte, free] = [0, 8];
  const write = (value: number, bits: number) => {
    for (let i = bits - 1; i >= 0; i--) {
      byte = byte << 1 | (Math.floor(value / 2 ** i) & 1);
      if (--free > 0) continue;
      out.push(byte);
      [byte, free] = [0, 8];
    }
  };
  write(width * height * CHANNELS, 32);
  write(7, 5);
  for (const bits of LENGTH_BITS) write(bits - 1, 4);
  for (let at = 0; at < data.length;) {
    const isInside = data[at] !== 0;
    let end = at + 1;
    while (end < data.length && (data[end] !== 0) === isInside) end++;
    for (let left = (end - at) * CHANNELS; left > 0; left -= LONGEST) {
      const length = Math.min(left, LONGEST);
      const which = LENGTH_BITS.findIndex((bits) => length <= 2 ** bits);
      write(1, 1);
      write(which, 2);
      write(length - 1, LENGTH_BITS[which]!);
      write(isInside ? 255 : 0, 8);
    }
    at = end;
  }
  if (free < 8) out.push(byte << free);
  return out;
}

/**
 * Reads a mask of the stated size: inside where alpha is not 0.
 *
 * @throws {EdgeError} `invalid-input` where the numbers are no such stream, or one of another size.
 */
export function decodeBrush(bytes: number[], { width, height }: Size): Mask {
  const wrong = (why: string) =>
    invalidInput(`Cannot read the brush's run lengths: ${why}.`);
  let at = 0;
  const bitsLeft = () => bytes.length * 8 - at;
  const read = (bits: number) => {
    if (bitsLeft() < bits) throw wrong("they end too early");
    let value = 0;
    for (let i = 0; i < bits; i++, at++) {
      value = value * 2 + (bytes[at >> 3]! >> (7 - (at & 7)) & 1);
    }
    return value;
  };
  const count = read(32);
  if (count !== width * height * CHANNELS) {
    throw wrong(`they hold ${count / CHANNELS} pixels, not ${width}×${height}`);
  }
  const valueBits = read(5) + 1;
  const lengthBits = LENGTH_BITS.map(() => read(4) + 1);
  const data = new Uint8Array(width * height);
  /** Marks the pixels whose alpha is among the values from..to. */
  const mark = (from: number, to: number, value: number) => {
    if (value === 0) return;
    const first = Math.ceil((from - CHANNELS + 1) / CHANNELS);
    const end = Math.ceil((to - CHANNELS + 1) / CHANNELS);
    data.fill(255, first, end);
  };
  for (let i = 0; i < count;) {
    const isRun = read(1) === 1;
    const end = i + read(lengthBits[read(2)]!) + 1;
    if (end > count) throw wrong("a run is longer than the picture");
    if (isRun) mark(i, end, read(valueBits));
    else for (let j = i; j < end; j++) mark(j, j + 1, read(valueBits));
    i = end;
  }
  return { width, height, data };
}
