import { Buffer } from "node:buffer";
import type { SampleArray } from "../sample_array.ts";

type NumberArray =
  | SampleArray
  | Int8Array
  | BigInt64Array
  | BigUint64Array;

interface Numbers {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): NumberArray;
}

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
} satisfies Record<string, Numbers>;

/** The types of the numbers in a volume. */
export type NumberType = keyof typeof ARRAYS;

/** Whether this machine stores the low byte first, as typed arrays show. */
export const IS_LITTLE_ENDIAN =
  new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bytes of a number. */
export function bytesOf(type: NumberType): number {
  return ARRAYS[type].BYTES_PER_ELEMENT;
}

/** The numbers in an array of their own type. The bytes must own their buffer; they are turned in place. */
export function toNumbers(
  bytes: Uint8Array<ArrayBuffer>,
  { type, littleEndian }: { type: NumberType; littleEndian: boolean },
): NumberArray {
  const Numbers: Numbers = ARRAYS[type];
  if (littleEndian !== IS_LITTLE_ENDIAN) {
    const turned = Buffer.from(bytes.buffer);
    const width = Numbers.BYTES_PER_ELEMENT;
    if (width === 2) turned.swap16();
    else if (width === 4) turned.swap32();
    else if (width === 8) turned.swap64();
  }
  return new Numbers(bytes.buffer);
}

/**
 * The true values, `number · slope + intercept`. What is no number becomes 0. Integers that are not scaled keep their
 * type, but for those of 64 bits and signed ones of 8.
 */
export function toValues(
  numbers: NumberArray,
  slope: number,
  intercept: number,
): SampleArray {
  const plain = numbers instanceof Int8Array
    ? Int16Array.from(numbers)
    : numbers instanceof BigInt64Array || numbers instanceof BigUint64Array
    ? ofLong(numbers)
    : numbers;
  if (slope !== 1 || intercept !== 0) {
    const out = new Float64Array(plain.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = plain[i] * slope + intercept || 0;
    }
    return out;
  }
  if (plain instanceof Float32Array || plain instanceof Float64Array) {
    for (let i = 0; i < plain.length; i++) plain[i] ||= 0;
  }
  return plain;
}

/** Integers of 64 bits, rounded beyond 2^53; by their halves, which is ten times as fast as by bigints. */
function ofLong(numbers: BigInt64Array | BigUint64Array): Float64Array {
  const [low, high] = IS_LITTLE_ENDIAN ? [0, 1] : [1, 0];
  const lows = new Uint32Array(numbers.buffer);
  const highs = numbers instanceof BigInt64Array
    ? new Int32Array(numbers.buffer)
    : lows;
  const out = new Float64Array(numbers.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = highs[2 * i + high] * 2 ** 32 + lows[2 * i + low];
  }
  return out;
}
