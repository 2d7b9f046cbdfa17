import type { NumberType } from "../volume/numbers.ts";

/** A datatype that is read here: the type of its numbers, and how many a voxel has. */
interface Datatype {
  type: NumberType;
  numbers: number;
}

const one = (type: NumberType): Datatype => ({ type, numbers: 1 });

/** By datatype code, nifti1.h. */
const READ = new Map<number, Datatype>([
  [2, one("uint8")],
  [4, one("int16")],
  [8, one("int32")],
  [16, one("float32")],
  [64, one("float64")],
  [128, { type: "uint8", numbers: 3 }], // RGB24
  [256, one("int8")],
  [512, one("uint16")],
  [768, one("uint32")],
  [1024, one("int64")],
  [1280, one("uint64")],
  [2304, { type: "uint8", numbers: 4 }], // RGBA32
]);

const FOREIGN = new Map([
  [1, "single bits"],
  [32, "complex numbers"],
  [1536, "floats of 128 bits"],
  [1792, "complex numbers"],
  [2048, "complex numbers"],
]);

/** The datatype of a code, or undefined for one that is not read here. */
export function datatypeOf(code: number): Datatype | undefined {
  return READ.get(code);
}

/** What a datatype that is not read here holds, for people. */
export function nameOf(code: number): string {
  return FOREIGN.get(code) ?? `datatype ${code}`;
}
