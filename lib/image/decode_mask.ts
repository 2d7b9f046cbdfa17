import { decodeSamples } from "./decode_samples.ts";
import { orient } from "./exif.ts";
import type { ImageLimits, Mask } from "./raster.ts";
import { toMask } from "./samples.ts";

/**
 * Decodes PNG, JPEG, WebP, TIFF, DICOM or NIfTI bytes to a binary mask in the image frame,
 * H×W uint8, 0 or 255.
 *
 * A pixel belongs to the structure where any raw colour sample is not zero;
 * alpha does not count, and in palette files (DAVIS) every colour but black
 * does. JPEG and lossy WebP blur zero, so there a sample counts from 128 on.
 * EXIF rotation is applied as for pictures.
 *
 * @param declared the media type that the sender stated, if any; must not
 * contradict the bytes
 * @param frame of a DICOM image or slice of a NIfTI volume, from 0; the first
 * of a DICOM image where it is left out
 * @throws {ImageError}
 */
export async function decodeMask(
  bytes: Uint8Array,
  limits: ImageLimits,
  declared?: string,
  frame?: number,
): Promise<Mask> {
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    declared,
    frame,
  );
  return orient(toMask(samples), orientation);
}
