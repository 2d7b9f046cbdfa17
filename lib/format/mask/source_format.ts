import { EdgeError } from "../../core/errors.ts";
import type { Bytes } from "../../core/bytes.ts";
import { checkMediaType } from "../../image/media_type.ts";
import { chooseSlice } from "../../codecs/volume/header.ts";
import { readVolumeHeader } from "../../image/volume.ts";
import type { Mask } from "../../core/mask.ts";
import { writeSegmentation } from "../../dicom/segmentation/write_segmentation.ts";
import type { SegmentDescription } from "../../dicom/segmentation/segment_description.ts";
import { readSource } from "../../dicom/segmentation/read_source.ts";
import { writeMaskVolume } from "../../codecs/nifti/write_mask.ts";

export type { SegmentDescription };

/**
 * Prepares to write masks of an image in its source format and in its place: a DICOM segmentation that refers to a
 * DICOM image, or a gzipped volume in the shape of a NIfTI volume. The image is checked before any mask exists.
 *
 * @param image a file, the media type that its sender declared, and the frame that is meant, from 0.
 * @param segment the description of the segment; a NIfTI volume has no place for it.
 * @returns a function that writes a mask of the image.
 * @throws {EdgeError} `unsupported-type` for an image of another format; `invalid-input` for a DICOM image to which
 * nothing can refer; errors of reading for one that cannot be read.
 */
export function sourceFormat(
  { bytes, mediaType, frame }: {
    bytes: Uint8Array;
    mediaType?: string | undefined;
    frame?: number | undefined;
  },
  segment: SegmentDescription,
): (mask: Mask) => Promise<Bytes> {
  const type = checkMediaType(bytes, mediaType);
  if (type === "application/dicom") {
    const source = readSource(bytes, frame);
    return (mask) =>
      Promise.resolve(writeSegmentation([{ source, mask }], segment));
  }
  const volume = readVolumeHeader(bytes, mediaType);
  if (volume !== undefined) {
    const index = chooseSlice(volume, frame);
    return (mask) => writeMaskVolume(volume, [{ index, mask }]);
  }
  throw new EdgeError(
    "unsupported-type",
    `Cannot write the mask in the format of its image: wanted a DICOM image or a NIfTI volume, got ${type}.`,
  );
}
