import { type Bytes, hasText } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import { isGzip, unpackHead } from "../gzip.ts";
import { checkExtent, type VolumeHeader } from "../volume/header.ts";
import { datatypeOf, nameOf } from "./datatypes.ts";
import { type NiftiFields, type NiftiLayout, readFields } from "./fields.ts";
import { NIFTI_1 } from "./nifti_1.ts";
import { NIFTI_2 } from "./nifti_2.ts";
import { affineOfNifti, stepsOfNifti } from "./place.ts";

/** The header of a NIfTI file in one part, checked. */
export interface NiftiHeader extends VolumeHeader {
  /** The header as it stands in the file: its bytes, their layout and their fields. */
  raw: { bytes: Bytes; layout: NiftiLayout; fields: NiftiFields };
}

/** The four bytes after a header, of which the first says whether extensions follow. */
const EXTENSION_FLAG = 4;

const { malformed, truncated, unsupported } = readErrors("NIfTI");

/**
 * Reads the header of a `.nii` or `.nii.gz` file, NIfTI-1 or NIfTI-2, without unpacking its voxels.
 *
 * @throws {EdgeError}
 */
export function readNiftiHeader(bytes: Uint8Array): NiftiHeader {
  const isZipped = isGzip(bytes);
  const head = isZipped ? unpackHead(bytes) : bytes;
  if (head === undefined) throw malformed("its gzip stream is damaged.");
  const layout = layoutOf(head);
  if (layout === undefined) {
    if (head.length < NIFTI_1.length) throw truncated("inside its header");
    throw unsupported(
      "a NIfTI volume in one file, .nii or .nii.gz",
      isAnalyze(head)
        ? "an Analyze 7.5 header, which does not say how its image lies; convert it to .nii"
        : isZipped
        ? "a gzip file of something else"
        : "another kind",
    );
  }
  if (head.length < layout.length) throw truncated("inside its header");
  if (hasText(head, layout.magicAt, layout.pairMagic)) {
    throw unsupported(
      "a NIfTI volume in one file, .nii or .nii.gz",
      "a NIfTI header without its voxels; send the .img too, or convert it to .nii",
    );
  }
  const raw = head.slice(0, layout.length);
  const littleEndian = isLittleEndian(raw, layout);
  const fields = readFields(raw, layout, littleEndian);
  const stored = describe(fields, layout);
  const { start, skip } = isZipped
    ? { start: 0, skip: stored.offset }
    : { start: stored.offset, skip: 0 };
  const { width, height, slices, volumes, numbers, type } = stored;
  const pixels = width * height;
  const header: NiftiHeader = {
    format: "NIfTI",
    width,
    height,
    slices,
    volumes,
    channels: numbers > 1 ? 3 : 1,
    type,
    littleEndian,
    ...scaleOf(fields),
    window: windowOf(fields),
    affine: affineOfNifti(fields),
    steps: stepsOfNifti(fields),
    voxels: {
      encoding: isZipped ? "gzip" : "raw",
      start,
      skip,
      interleaved: stored.areApart ? 1 : numbers,
      strides: stored.areApart
        ? {
          slice: pixels,
          volume: pixels * slices,
          channel: pixels * slices * volumes,
        }
        : {
          slice: numbers * pixels,
          volume: numbers * pixels * slices,
          channel: 1,
        },
    },
    raw: { bytes: raw, layout, fields },
  };
  checkExtent(stored, header, bytes.length);
  return header;
}

/** The version of a header by its magic number, also of one whose voxels have a file of their own. */
export function layoutOf(head: Uint8Array): NiftiLayout | undefined {
  return [NIFTI_1, NIFTI_2].find(({ magicAt, magic, pairMagic }) =>
    hasText(head, magicAt, magic) || hasText(head, magicAt, pairMagic)
  );
}

/** Whether a file begins with a NIfTI header, or that of Analyze, which is refused by its name. */
export function isNifti(head: Uint8Array): boolean {
  return layoutOf(head) !== undefined || isAnalyze(head);
}

/** Whether a file begins with the header of Analyze 7.5, from which NIfTI-1 was made: no magic number, "regular". */
function isAnalyze(head: Uint8Array): boolean {
  return (hasText(head, 0, "\x5c\x01\0\0") ||
    hasText(head, 0, "\0\0\x01\x5c")) &&
    hasText(head, 38, "r") && layoutOf(head) === undefined;
}

/** The byte order: the one in which the number of dimensions makes sense, as nifti1.h advises, else the length. */
export function isLittleEndian(header: Bytes, layout: NiftiLayout): boolean {
  for (const little of [true, false]) {
    const { dim } = readFields(header, layout, little);
    if (dim[0]! >= 1 && dim[0]! <= 7) return little;
  }
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  for (const little of [true, false]) {
    if (view.getInt32(0, little) === layout.length) return little;
  }
  throw malformed("its byte order cannot be told.");
}

/** The grid and the numbers of the voxels. */
function describe(fields: NiftiFields, layout: NiftiLayout) {
  const { intent, datatype } = fields;
  const found = datatypeOf(datatype);
  if (found === undefined) {
    throw unsupported(
      "integers, floats of up to 64 bits, RGB24 or RGBA32",
      nameOf(datatype),
    );
  }
  const [width, height, slices, volumes, vector, ...rest] = lengthsOf(fields);
  if (rest.some((n) => n > 1)) {
    throw unsupported("at most 5 dimensions", "more");
  }
  const areApart = vector > 1;
  const isColour = found.type === "uint8" && found.numbers === 1 &&
    (vector === 3 || vector === 4) && COLOUR_INTENTS.has(intent);
  if (areApart && !isColour) {
    throw unsupported(
      "numbers or colours of 8 bits",
      `a fifth dimension of ${vector} (vectors)`,
    );
  }
  const { type } = found;
  const numbers = found.numbers * vector;
  const offset = offsetOf(fields, layout);
  return { width, height, slices, volumes, areApart, type, numbers, offset };
}

/** Intents under which a fifth dimension of three or four bytes is a colour: none, vector, RGB, RGBA. */
const COLOUR_INTENTS = new Set([0, 1007, 2003, 2004]);

/** Seven lengths. A number of dimensions that makes no sense, and lengths of 0 after the second, are mended. */
function lengthsOf({ dim: [count, ...lengths] }: NiftiFields) {
  const isKnown = count! >= 1 && count! <= 7;
  if (isKnown && count! < 2) {
    throw malformed("it has 1 dimension; wanted 2 to 7.");
  }
  return lengths.map((n, i) =>
    isKnown && i >= count! ? 1 : i < 2 ? n : Math.max(n, 1)
  ) as [number, number, number, number, number, number, number];
}

/** The first byte of the voxels; 0 is what some writers leave for "right after the header". */
function offsetOf({ offset }: NiftiFields, { length }: NiftiLayout): number {
  if (offset === 0) return length + EXTENSION_FLAG;
  if (offset >= length && offset < 2 ** 24) return Math.floor(offset);
  throw malformed("its voxels do not start after its header.");
}

/** The factor and the summand of the values; a factor of 0 means that they are not scaled. */
function scaleOf({ slope, intercept }: NiftiFields) {
  const isScaled = Number.isFinite(slope) && slope !== 0 &&
    Number.isFinite(intercept);
  return isScaled ? { slope, intercept } : { slope: 1, intercept: 0 };
}

function windowOf({ low, high }: NiftiFields): [number, number] | null {
  return high > low && Number.isFinite(high - low) ? [low, high] : null;
}
