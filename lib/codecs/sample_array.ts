/** Sample values of any type. */
export type SampleArray =
  | Uint8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** An array of the same type, filled with 0. */
export function emptyLike(array: SampleArray, length: number): SampleArray {
  return new (array.constructor as new (length: number) => SampleArray)(length);
}
