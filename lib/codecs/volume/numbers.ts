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
  const width = Numbers.BYTES_PER_ELEMENT;
  if (littleEndian !== IS_LITTLE_ENDIAN && width > 1) {
    for (let at = 0; at < bytes.length; at += width) {
      bytes.subarray(at, at + width).reverse();
    }
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
  if (slope !== 1 || intercept !== 0) {
    const out = new Float64Array(numbers.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = Number(numbers[i]) * slope + intercept || 0;
    }
    return out;
  }
  if (numbers instanceof Int8Array) return Int16Array.from(numbers);
  if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) {
    return Float64Array.from(numbers, Number);
  }
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) {
    for (let i = 0; i < numbers.length; i++) numbers[i] ||= 0;
  }
  return numbers;
}
