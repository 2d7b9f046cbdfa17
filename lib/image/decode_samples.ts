import { decodeDicom, requireFrame } from "./dicom_decode.ts";
import { ImageError } from "./errors.ts";
import { type Orientation, readOrientation } from "./exif.ts";
import { readHeader } from "./header.ts";
import { decodeJpeg } from "./jpeg_decode.ts";
import { checkMediaType, type ImageType } from "./media_type.ts";
import { decodeNifti } from "./nifti_decode.ts";
import { decodePng } from "./png_decode.ts";
import { checkSize, type ImageLimits } from "./raster.ts";
import type { Samples } from "./samples.ts";
import { decodeTiff } from "./tiff_decode.ts";
import { decodeWebp } from "./webp_decode.ts";

const DECODERS: Record<
  ImageType,
  (bytes: Uint8Array, frame?: number) => Samples | Promise<Samples>
> = {
  "image/png": decodePng,
  "image/jpeg": decodeJpeg,
  "image/webp": decodeWebp,
  "image/tiff": decodeTiff,
  "application/dicom": decodeDicom,
  "application/x-nifti": decodeNifti,
};

/**
 * The road that pictures and masks share: type, declared type, size limit from
 * the header, and only then the decoding. Throws nothing but ImageError for
 * anything that the bytes can do.
 */
export async function decodeSamples(
  bytes: Uint8Array,
  limits: ImageLimits,
  declared?: string,
  frame?: number,
): Promise<{ samples: Samples; orientation: Orientation }> {
  const type = checkMediaType(bytes, declared);
  const header = readHeader(bytes, type);
  checkSize(header, limits);
  if (frame && type !== "application/dicom" && type !== "application/x-nifti") {
    requireFrame(frame, 1);
  }
  const samples = await DECODERS[type](bytes, frame);
  if (
    samples.width !== header.width || samples.height !== header.height ||
    samples.data.length !== header.width * header.height * samples.channels
  ) {
    throw new ImageError(
      "malformed",
      `Cannot read the image: its header says ${header.width}×${header.height} pixels, ` +
        `${samples.width}×${samples.height} came out.`,
    );
  }
  return { samples, orientation: readOrientation(bytes, type) };
}
