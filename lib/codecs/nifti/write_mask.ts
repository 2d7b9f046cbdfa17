import type { Bytes } from "../../core/bytes.ts";
import { invalidInput } from "../../core/errors.ts";
import type { Mask } from "../../core/mask.ts";
import type { VolumeHeader } from "../volume/header.ts";
import { labelHeader } from "./label_header.ts";

/** A mask and the slice of the volume to which it belongs, from 0. */
interface SliceMask {
  index: number;
  mask: Mask;
}

/**
 * Writes masks of a volume's slices as a gzipped NIfTI volume (`.nii.gz`) of the same axes, affine and units: uint8, 1
 * inside, 0 outside and in slices without a mask. Free text of the source's header is left out. Slices are packed as
 * they come, so that a volume is never held unpacked; equal input gives equal bytes.
 *
 * @param source the header of the volume, in whatever format; a NIfTI volume's version is kept.
 * @param masks in the order of their slices, at most one of each.
 * @throws {EdgeError} `invalid-input` for a mask of another size, or of a slice that does not exist or is out of
 * order.
 */
export async function writeMaskVolume(
  source: VolumeHeader,
  masks: Iterable<SliceMask> | AsyncIterable<SliceMask>,
): Promise<Bytes> {
  const parts = ReadableStream.from(volumeOf(source, masks));
  const zipped = parts.pipeThrough(new CompressionStream("gzip"));
  return await new Response(zipped).bytes();
}

/** The unpacked file, a slice at a time. */
async function* volumeOf(
  source: VolumeHeader,
  masks: Iterable<SliceMask> | AsyncIterable<SliceMask>,
): AsyncGenerator<Bytes> {
  const { width, height, slices, volumes } = source;
  const count = slices * volumes;
  const blank = () => new Uint8Array(width * height);
  yield labelHeader(source);
  let next = 0;
  for await (const { index, mask } of masks) {
    if (index < next || index >= count) {
      throw invalidInput(
        `Cannot write the mask volume: slice ${index} is not one of ${count}, or is out of order.`,
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
