import { EdgeError } from "../../core/errors.ts";
import { checkMediaType } from "../../image/media_type.ts";
import { readNiftiHeader } from "../../codecs/nifti/header.ts";
import { chooseSlice } from "../../codecs/nifti/slices.ts";
import type { Mask } from "../../core/mask.ts";
import { writeSegmentation } from "../../dicom/segmentation/write_segmentation.ts";
import { type SegmentDescription } from "../../dicom/segmentation/segment_description.ts";
import { readSource } from "../../dicom/segmentation/read_source.ts";
import { writeMaskVolume } from "../../codecs/nifti/write_mask.ts";

export type { SegmentDescription };

/**
 * What writes masks of an image in the image's own format and in its place: a DICOM segmentation that
 * refers to a DICOM image, a gzipped volume of a NIfTI volume's shape. The image is looked at at once.
 *
 * @param image a file, what its sender declared it to be, and which frame is meant, from 0.
 * @param segment what to call the segment; a NIfTI volume has no place for it.
 * @throws EdgeError for an image of another format, or that cannot be read; EdgeError `invalid-input`
 * for a DICOM image that nothing can refer to.
 */
export function sourceFormat(
  { bytes, mediaType, frame }: {
    bytes: Uint8Array;
    mediaType?: string;
    frame?: number;
  },
  segment: SegmentDescription,
): (mask: Mask) => Promise<Uint8Array<ArrayBuffer>> {
  const type = checkMediaType(bytes, mediaType);
  if (type === "application/dicom") {
    const source = readSource(bytes, frame);
    return (mask) =>
      Promise.resolve(writeSegmentation([{ source, mask }], segment));
  }
  if (type === "application/x-nifti") {
    const index = chooseSlice(readNiftiHeader(bytes), frame);
    return (mask) => writeMaskVolume(bytes, [{ index, mask }]);
  }
  throw new EdgeError(
    "unsupported-type",
    `Cannot write the mask in the format of its image: wanted a DICOM image or a NIfTI volume, got ${type}.`,
  );
}
