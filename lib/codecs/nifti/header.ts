import { constants, gunzipSync } from "node:zlib";
import { EdgeError } from "../../core/errors.ts";
import { MAX_FRAMES } from "../../core/raster.ts";
import type { Size } from "../../core/geometry.ts";

/** The header of a NIfTI-1 file of one part (`n+1`), checked. */
export interface NiftiHeader extends Size {
  /** Whether the file is gzipped. */
  zipped: boolean;
  littleEndian: boolean;
  /** Slices along the third axis, and volumes along the fourth. */
  slices: number;
  volumes: number;
  datatype: number;
  /** Bytes of a voxel. */
  voxelBytes: number;
  /** Where the voxels start in the unpacked file. */
  offset: number;
  slope: number;
  intercept: number;
  /** What the file says to show as black and white, or null. */
  window: [number, number] | null;
  /** The 348 bytes of the header itself. */
  raw: Uint8Array;
}

/** Bytes of a voxel by datatype code: integers and floats of one value, and RGB24. */
export const VOXEL_BYTES: Record<number, number> = {
  2: 1, // uint8
  4: 2, // int16
  8: 4, // int32
  16: 4, // float32
  64: 8, // float64
  128: 3, // RGB24
  256: 1, // int8
  512: 2, // uint16
  768: 4, // uint32
  1024: 8, // int64
  1280: 8, // uint64
};

const HEADER = 348;
/** Largest unpacked volume: 512 × 512 × 1000 of 32 bits. */
const MAX_VOLUME = 2 ** 30;
/** DEFLATE cannot expand further, RFC 1951 §3.2.5. */
const MAX_RATIO = 1032;
/** As much of a gzipped file as surely unpacks to the header. */
const HEAD = 4096;

const malformed = (message: string) =>
  new EdgeError("malformed", `Cannot read the NIfTI: ${message}`);
export const cutNifti = (where: string) =>
  new EdgeError("truncated", `Cannot read the NIfTI: it ends ${where}.`);

/**
 * Reads the header of a `.nii` or `.nii.gz` file (NIfTI-1.1, nifti1.h) without unpacking the voxels.
 *
 * @throws {EdgeError}
 */
export function readNiftiHeader(bytes: Uint8Array): NiftiHeader {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const head = zipped ? unpackHead(bytes) : bytes;
  const magic = String.fromCharCode(...head.subarray(344, 348));
  if (magic !== "n+1\0") {
    if (head.length < HEADER) throw cutNifti("inside its header");
    throw new EdgeError(
      "unsupported-type",
      zipped
        ? "Cannot read the image: it is a gzip file that holds no NIfTI-1 volume (magic n+1)."
        : "Cannot read the NIfTI: wanted NIfTI-1 in one file (magic n+1).",
    );
  }
  const raw = head.slice(0, HEADER);
  const view = new DataView(raw.buffer, raw.byteOffset, HEADER);
  const littleEndian = view.getInt32(0, true) === HEADER;
  if (!littleEndian && view.getInt32(0, false) !== HEADER) {
    throw malformed(`its header does not say that it is ${HEADER} bytes long.`);
  }
  const dim = Array.from(
    { length: 8 },
    (_, i) => view.getInt16(40 + 2 * i, littleEndian),
  );
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
    throw new EdgeError(
      "unsupported-type",
      "Cannot read the NIfTI: wanted at most 4 dimensions; it has more.",
    );
  }
  const datatype = view.getInt16(70, littleEndian);
  const voxelBytes = VOXEL_BYTES[datatype];
  if (voxelBytes === undefined) {
    throw new EdgeError(
      "unsupported-type",
      "Cannot read the NIfTI: wanted integers, floats of up to 64 bits or RGB24; " +
        `it has datatype ${datatype}.`,
    );
  }
  const offset = view.getFloat32(108, littleEndian);
  if (!(offset >= 352 && offset < 2 ** 24)) {
    throw malformed("its voxels do not start behind its header.");
  }
  const size = width * height * slices * volumes * voxelBytes;
  if (size > MAX_VOLUME) {
    throw new EdgeError(
      "too-large",
      `Cannot read the NIfTI: its ${width}×${height}×${slices}×${volumes} voxels fill ${size} bytes; ` +
        `at most ${MAX_VOLUME} are accepted.`,
    );
  }
  if (slices * volumes > MAX_FRAMES) {
    throw new EdgeError(
      "too-large",
      `Cannot read the NIfTI: it has ${slices}×${volumes} slices; at most ${MAX_FRAMES} are accepted.`,
    );
  }
  const held = zipped ? bytes.length * MAX_RATIO : bytes.length;
  if (Math.floor(offset) + size > held) throw cutNifti("before its last voxel");
  const slope = view.getFloat32(112, littleEndian);
  const intercept = view.getFloat32(116, littleEndian);
  const scaled = Number.isFinite(slope) && slope !== 0 &&
    Number.isFinite(intercept);
  const high = view.getFloat32(124, littleEndian);
  const low = view.getFloat32(128, littleEndian);
  return {
    width,
    height,
    slices,
    volumes,
    zipped,
    littleEndian,
    datatype,
    voxelBytes,
    offset: Math.floor(offset),
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    window: high > low && Number.isFinite(high - low) ? [low, high] : null,
    raw,
  };
}

/** Width and height of a slice. */
export function readNiftiSize(bytes: Uint8Array): Size {
  const { width, height } = readNiftiHeader(bytes);
  return { width, height };
}

function unpackHead(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes.subarray(0, HEAD), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch {
    throw malformed("its gzip stream is damaged.");
  }
}
