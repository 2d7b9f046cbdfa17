import { constants, gunzipSync } from "node:zlib";
import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import {
  type FileFrames,
  MAX_FRAMES,
  requireFrame,
} from "../../core/frames.ts";
import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { MAX_DEFLATE_RATIO } from "../inflate.ts";
import { voxelBytes } from "./datatypes.ts";
import {
  isNifti1,
  NIFTI_1_BYTES,
  type NiftiFields,
  readNifti1,
} from "./nifti_1.ts";

/** The header of a NIfTI file in one part, checked. Width and height are those of a slice: the first two axes. */
export interface NiftiHeader extends Size {
  /** Whether the file is gzipped. */
  zipped: boolean;
  littleEndian: boolean;
  /** Slices along the third axis, and volumes along the fourth. */
  slices: number;
  volumes: number;
  datatype: number;
  voxelBytes: number;
  /** Where the voxels start in the unpacked file. */
  offset: number;
  slope: number;
  intercept: number;
  /** Values to be shown as black and white, or null where the file states none. */
  window: [number, number] | null;
  /** The header as it stands in the file: its bytes, and their fields. */
  raw: { bytes: Bytes; fields: NiftiFields };
}

/** Largest unpacked volume: 512 × 512 × 1000 of 32 bits. */
const MAX_VOLUME = 2 ** 30;
/** As many bytes of a gzipped file as surely unpack to the header. */
const HEAD_BYTES = 4096;

const { malformed, truncated, unsupported, tooLarge } = readErrors("NIfTI");

/**
 * Reads the header of a `.nii` or `.nii.gz` file without unpacking its voxels. Only NIfTI-1 is read; the layout of
 * another version belongs in a file beside `nifti_1.ts` that gives the same {@linkcode NiftiFields}, its signature in
 * `lib/image/media_type.ts`.
 *
 * @throws {EdgeError}
 */
export function readNiftiHeader(bytes: Uint8Array): NiftiHeader {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const head = zipped ? unpackHead(bytes) : bytes;
  if (!isNifti1(head)) {
    if (head.length < NIFTI_1_BYTES) throw truncated("inside its header");
    throw unsupported(
      "NIfTI-1 in one file (magic n+1)",
      zipped ? "a gzip file of something else" : "another kind",
    );
  }
  const raw = head.slice(0, NIFTI_1_BYTES);
  const fields = readNifti1(raw);
  const held = zipped ? bytes.length * MAX_DEFLATE_RATIO : bytes.length;
  return { ...check(fields, held), zipped, raw: { bytes: raw, fields } };
}

/** @param held the most bytes that the unpacked file can have. */
function check(fields: NiftiFields, held: number) {
  const { littleEndian, dim, datatype, slope, intercept, high, low } = fields;
  if (dim[0] < 2 || dim[0] > 7) {
    throw malformed(`it has ${dim[0]} dimensions; wanted 2 to 7.`);
  }
  const [width, height, slices, volumes, ...rest] = Array.from(
    { length: 7 },
    (_, i) => i < dim[0] ? dim[i + 1] : 1,
  );
  if (Math.min(width, height, slices, volumes) < 1) {
    throw malformed(
      `its header says ${width}×${height}×${slices}×${volumes} voxels.`,
    );
  }
  if (rest.some((n) => n > 1)) {
    throw unsupported("at most 4 dimensions", "more");
  }
  const bytesOfVoxel = voxelBytes(datatype);
  if (bytesOfVoxel === undefined) {
    throw unsupported(
      "integers, floats of up to 64 bits or RGB24",
      `datatype ${datatype}`,
    );
  }
  const offset = Math.floor(fields.offset);
  if (!(offset >= NIFTI_1_BYTES + 4 && fields.offset < 2 ** 24)) {
    throw malformed("its voxels do not start after its header.");
  }
  const size = width * height * slices * volumes * bytesOfVoxel;
  if (size > MAX_VOLUME) {
    throw tooLarge(
      `its ${width}×${height}×${slices}×${volumes} voxels fill ${size} bytes; at most ${MAX_VOLUME} are accepted.`,
    );
  }
  if (slices * volumes > MAX_FRAMES) {
    throw tooLarge(
      `it has ${slices}×${volumes} slices; at most ${MAX_FRAMES} are accepted.`,
    );
  }
  if (offset + size > held) throw truncated("before its last voxel");
  const isScaled = Number.isFinite(slope) && slope !== 0 &&
    Number.isFinite(intercept);
  const window: [number, number] | null =
    high > low && Number.isFinite(high - low) ? [low, high] : null;
  return {
    width,
    height,
    slices,
    volumes,
    littleEndian,
    datatype,
    voxelBytes: bytesOfVoxel,
    offset,
    slope: isScaled ? slope : 1,
    intercept: isScaled ? intercept : 0,
    window,
  };
}

function unpackHead(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes.subarray(0, HEAD_BYTES), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (cause) {
    throw malformed("its gzip stream is damaged.", cause);
  }
}

/** The slices of a volume as frames of a file: slice (z, t) is frame t · slices + z. */
export function framesOfNifti({ slices, volumes }: NiftiHeader): FileFrames {
  const count = slices * volumes;
  const positions = Array.from(
    { length: count },
    (_, i) => slices > 1 ? (i % slices) / (slices - 1) : 0,
  );
  return { count, positions: count > 1 ? positions : null, along: null };
}

/**
 * The slice that is wanted; the only one where none is named.
 *
 * @throws {EdgeError} `frame-choice` where there are several and none is named, or where the one named does not
 * exist.
 */
export function chooseSlice(header: NiftiHeader, slice?: number): number {
  const { count } = framesOfNifti(header);
  if (slice === undefined && count > 1) {
    throw new EdgeError(
      "frame-choice",
      `Cannot read the image: it is a volume of ${count} slices; choose one with frame, from 0 to ${
        count - 1
      }.`,
    );
  }
  const wanted = slice ?? 0;
  requireFrame(wanted, count);
  return wanted;
}
