import type { Bytes } from "../../core/bytes.ts";
import type { Mask } from "../../core/mask.ts";
import type { VolumeHeader } from "../volume/header.ts";
import {
  everySlice,
  gzipped,
  type LabelSlice,
} from "../volume/label_slices.ts";
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
  return await gzipped(niftiLabels(source, onesOf(masks)));
}

/** The parts of a NIfTI file of labels on the grid of a volume, as `writeMaskVolume` writes them; not packed. */
export async function* niftiLabels(
  source: VolumeHeader,
  slices: Iterable<LabelSlice> | AsyncIterable<LabelSlice>,
): AsyncGenerator<Bytes> {
  yield labelHeader(source);
  yield* everySlice(source, slices);
}

async function* onesOf(
  masks: Iterable<SliceMask> | AsyncIterable<SliceMask>,
): AsyncGenerator<LabelSlice> {
  for await (const { index, mask } of masks) {
    const data = Uint8Array.from(mask.data, (value) => value === 0 ? 0 : 1);
    yield { ...mask, index, data };
  }
}
