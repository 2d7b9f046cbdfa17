/** Datatype code of RGB24, three uint8 a voxel; all others read here hold one number. */
export const RGB24 = 128;

interface NumberArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): ArrayLike<number | bigint>;
}

/** Arrays of the numbers that are read here by datatype code, nifti1.h. */
const ARRAYS = new Map<number, NumberArray>([
  [2, Uint8Array],
  [4, Int16Array],
  [8, Int32Array],
  [16, Float32Array],
  [64, Float64Array],
  [256, Int8Array],
  [512, Uint16Array],
  [768, Uint32Array],
  [1024, BigInt64Array],
  [1280, BigUint64Array],
]);

/** Whether this machine stores the low byte first, as typed arrays show. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bytes of a voxel, or undefined for a datatype that is not read here. */
export function voxelBytes(datatype: number): number | undefined {
  return datatype === RGB24 ? 3 : ARRAYS.get(datatype)?.BYTES_PER_ELEMENT;
}

/** The numbers of raw voxels, not yet scaled; `datatype` must be read here and not RGB24. */
export function toNumbers(
  raw: Uint8Array,
  { datatype, littleEndian }: { datatype: number; littleEndian: boolean },
): ArrayLike<number | bigint> {
  const Numbers = ARRAYS.get(datatype)!;
  const width = Numbers.BYTES_PER_ELEMENT;
  const bytes = raw.slice();
  if (littleEndian !== IS_LITTLE_ENDIAN && width > 1) {
    for (let at = 0; at < bytes.length; at += width) {
      bytes.subarray(at, at + width).reverse();
    }
  }
  return new Numbers(bytes.buffer);
}
