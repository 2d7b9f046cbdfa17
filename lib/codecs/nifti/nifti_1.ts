import { type Bytes, hasText } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";

/** Bytes of the header. */
export const NIFTI_1_BYTES = 348;

/** The fields that are read of a header, as they stand there. */
export interface NiftiFields {
  littleEndian: boolean;
  /** Number of dimensions, then the length of each. */
  dim: number[];
  datatype: number;
  /** Where the voxels start, `vox_offset`. */
  offset: number;
  slope: number;
  intercept: number;
  /** Values to be shown white and black, `cal_max` and `cal_min`. */
  high: number;
  low: number;
}

/** Where fields stand in the header, nifti1.h. */
const AT = {
  dim: 40,
  intent: 68,
  datatype: 70,
  bits: 72,
  offset: 108,
  slope: 112,
  intercept: 116,
  high: 124,
  low: 128,
  description: 148,
  magic: 344,
};
/** Where text and numbers stand that describe the voxels: start and end. */
const DESCRIPTIONS = [
  [4, 32], // data_type, db_name
  [56, 68], // intent_p1 to p3
  [140, 148], // glmax, glmin
  [148, 228], // descrip
  [228, 252], // aux_file
  [328, 344], // intent_name
] as const;

/** NIFTI_INTENT_LABEL and DT_UINT8. */
const LABEL = 1002;
const UINT8 = 2;

const { malformed } = readErrors("NIfTI");

/** Whether a file begins with a NIfTI-1 header that its voxels follow. */
export function isNifti1(head: Uint8Array): boolean {
  return hasText(head, AT.magic, "n+1\0");
}

/**
 * Reads a NIfTI-1.1 header.
 *
 * @param header its 348 bytes.
 * @throws {EdgeError} `malformed` where it does not state its own length.
 */
export function readNifti1(header: Bytes): NiftiFields {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const littleEndian = view.getInt32(0, true) === NIFTI_1_BYTES;
  if (!littleEndian && view.getInt32(0, false) !== NIFTI_1_BYTES) {
    throw malformed(
      `its header does not say that it is ${NIFTI_1_BYTES} bytes long.`,
    );
  }
  const int16 = (at: number) => view.getInt16(at, littleEndian);
  const float32 = (at: number) => view.getFloat32(at, littleEndian);
  return {
    littleEndian,
    dim: Array.from({ length: 8 }, (_, i) => int16(AT.dim + 2 * i)),
    datatype: int16(AT.datatype),
    offset: float32(AT.offset),
    slope: float32(AT.slope),
    intercept: float32(AT.intercept),
    high: float32(AT.high),
    low: float32(AT.low),
  };
}

/**
 * The start of a NIfTI-1 file of labels, 0 and 1 in uint8, on the grid of another volume: its header without free
 * text, and the four bytes that say that there are no extensions.
 */
export function labelHeader(
  source: Uint8Array,
  { littleEndian }: NiftiFields,
): Bytes {
  const out = new Uint8Array(NIFTI_1_BYTES + 4);
  out.set(source);
  for (const [start, end] of DESCRIPTIONS) out.fill(0, start, end);
  out.set(new TextEncoder().encode("P2SAM Edge"), AT.description);
  const view = new DataView(out.buffer);
  view.setInt16(AT.intent, LABEL, littleEndian);
  view.setInt16(AT.datatype, UINT8, littleEndian);
  view.setInt16(AT.bits, 8, littleEndian);
  view.setFloat32(AT.offset, out.length, littleEndian);
  view.setFloat32(AT.slope, 1, littleEndian);
  view.setFloat32(AT.intercept, 0, littleEndian);
  view.setFloat32(AT.high, 1, littleEndian);
  view.setFloat32(AT.low, 0, littleEndian);
  view.setInt32(140, 1, littleEndian); // glmax
  return out;
}
