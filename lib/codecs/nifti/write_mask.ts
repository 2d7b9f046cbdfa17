import { invalidInput } from "../../core/errors.ts";
import { type NiftiHeader, readNiftiHeader } from "./header.ts";
import type { Mask } from "../../core/mask.ts";

/** A mask and the slice of the volume that it is of, from 0. */
export interface SliceMask {
  index: number;
  mask: Mask;
}

/** NIFTI_INTENT_LABEL and DT_UINT8, nifti1.h. */
const LABEL = 1002;
const UINT8 = 2;
const OFFSET = 352;

/**
 * Writes masks of a NIfTI volume's slices as a gzipped NIfTI-1 volume (`.nii.gz`) of the same axes,
 * affine and units: uint8, 1 inside and 0 outside and in slices of which there is no mask. Free text of
 * the source's header is left out. Slices are packed as they come, so that a volume is never held
 * unpacked; equal input gives equal bytes.
 *
 * @param source the `.nii` or `.nii.gz` file; its voxels are not read.
 * @param masks in the order of their slices, at most one of each.
 * @throws EdgeError `invalid-input` for a mask of another size, or of a slice that is not there or not
 * in its order; EdgeError for a source that cannot be read.
 */
export async function writeMaskVolume(
  source: Uint8Array,
  masks: Iterable<SliceMask> | AsyncIterable<SliceMask>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = ReadableStream.from(volumeOf(readNiftiHeader(source), masks));
  const zipped = parts.pipeThrough(new CompressionStream("gzip"));
  return await new Response(zipped).bytes();
}

/** The unpacked file, a slice at a time. */
async function* volumeOf(
  header: NiftiHeader,
  masks: Iterable<SliceMask> | AsyncIterable<SliceMask>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { width, height, slices, volumes } = header;
  const count = slices * volumes;
  const blank = () => new Uint8Array(width * height);
  yield maskHeader(header);
  let next = 0;
  for await (const { index, mask } of masks) {
    if (index < next || index >= count) {
      throw invalidInput(
        `Cannot write the mask volume: slice ${index} is not one of ${count}, or comes out of order.`,
      );
    }
    if (mask.width !== width || mask.height !== height) {
      throw invalidInput(
        `Cannot write the mask volume: a mask is ${mask.width}×${mask.height} pixels, ` +
          `its slice ${width}×${height}.`,
      );
    }
    for (; next < index; next++) yield blank();
    yield Uint8Array.from(mask.data, (value) => value === 0 ? 0 : 1);
    next++;
  }
  for (; next < count; next++) yield blank();
}

/** The source's header, made one of labels, and the four bytes that say there are no extensions. */
function maskHeader(
  { raw, littleEndian }: NiftiHeader,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(OFFSET);
  out.set(raw);
  const view = new DataView(out.buffer);
  out.fill(0, 4, 32); // data_type, db_name
  out.fill(0, 228, 252); // aux_file
  out.fill(0, 328, 344); // intent_name
  out.fill(0, 148, 228); // descrip
  out.set(new TextEncoder().encode("P2SAM Edge"), 148);
  out.fill(0, 56, 68); // intent_p1 to p3
  view.setInt16(68, LABEL, littleEndian);
  view.setInt16(70, UINT8, littleEndian);
  view.setInt16(72, 8, littleEndian);
  view.setFloat32(108, OFFSET, littleEndian);
  view.setFloat32(112, 1, littleEndian); // slope
  view.setFloat32(116, 0, littleEndian);
  view.setFloat32(124, 1, littleEndian); // cal_max
  view.setFloat32(128, 0, littleEndian);
  view.setInt32(140, 1, littleEndian); // glmax
  view.setInt32(144, 0, littleEndian);
  return out;
}
