import { EdgeError } from "../../core/errors.ts";
import type { Bytes } from "../../core/bytes.ts";
import { FORMATS } from "../../image/formats.ts";
import { openImage, sniffMediaType } from "../../image/media_type.ts";
import { chooseSlice } from "../../codecs/volume/header.ts";
import type { Mask } from "../../core/mask.ts";
import type { SegmentDescription } from "../../dicom/segmentation/segment_description.ts";
import { readSource } from "../../dicom/segmentation/read_source.ts";
import { writeMaskVolume } from "../../codecs/nifti/write_mask.ts";
import { type DicomForm, requireFit, writeDicomMasks } from "./dicom_masks.ts";
import { cannotPlace } from "./placed_masks.ts";

export type { SegmentDescription };

/** The media types of masks in the format of their image. */
export type SourceType = "application/dicom" | "application/x-nifti";

/** The type of the masks of an image by its bytes; undefined for a picture, which has no place for them. */
export function sourceTypeOf(image: Uint8Array): SourceType | undefined {
  const type = sniffMediaType(image);
  if (type === "application/dicom") return type;
  const isVolume = type !== undefined && FORMATS[type].volume !== undefined;
  return isVolume ? "application/x-nifti" : undefined;
}

/**
 * Prepares to write masks of an image in its source format and in its place: a DICOM segmentation or structure set that
 * refers to a DICOM image, or a gzipped NIfTI volume in the shape of a NIfTI, NRRD or MetaImage volume. The image is
 * checked before any mask exists.
 *
 * @param image a file, and the frame that is meant, from 0.
 * @param segment the description of the segment; a volume has no place for it.
 * @param form of a DICOM image; where it is named, the image must be one.
 * @returns a function that writes a mask of the image.
 * @throws {EdgeError} `unsupported-type` for an image of another format; `invalid-input` for a DICOM image to which
 * nothing can refer, or that has no place where the form needs one; errors of reading for one that cannot be read.
 */
export function sourceFormat(
  { bytes: file, frame }: {
    bytes: Uint8Array;
    frame?: number | undefined;
  },
  segment: SegmentDescription,
  form?: DicomForm,
): (mask: Mask) => Promise<Bytes> {
  const { type, bytes } = openImage(file);
  if (type === "application/dicom") {
    const source = readSource(bytes, frame);
    const as = form ?? "seg";
    requireFit(source, as);
    return (mask) =>
      Promise.resolve(writeDicomMasks([{ source, mask }], segment, as));
  }
  if (form !== undefined) throw cannotPlace(form, type);
  const volume = FORMATS[type].volume?.(bytes);
  if (volume !== undefined) {
    const index = chooseSlice(volume, frame);
    return (mask) => writeMaskVolume(volume, [{ index, mask }]);
  }
  throw new EdgeError(
    "unsupported-type",
    `Cannot write the mask in the format of its image: wanted a DICOM image or a volume (NIfTI, NRRD or MetaImage), got ${type}.`,
  );
}
