import { decodeDicom } from "../dicom/pixels/decode.ts";
import { requireFrame } from "../core/frames.ts";
import { readErrors } from "../core/read_errors.ts";
import { type Orientation, readOrientation } from "./orientation.ts";
import { readSize } from "./read_size.ts";
import { decodeJpeg } from "../codecs/jpeg/decode.ts";
import { checkMediaType, type ImageType } from "./media_type.ts";
import { decodeNifti } from "../codecs/nifti/decode.ts";
import { decodePng } from "../codecs/png/decode.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import type { Samples } from "../codecs/samples.ts";
import { decodeTiff } from "../codecs/tiff/decode.ts";
import { decodeWebp } from "../codecs/webp/decode.ts";

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
 * The steps that pictures and masks share: type, declared type, size limit by the header, and only then the decoding.
 *
 * @throws {EdgeError} and nothing else, whatever the bytes are.
 */
export async function decodeSamples(
  bytes: Uint8Array,
  limits: ImageLimits,
  declared?: string,
  frame?: number,
): Promise<{ samples: Samples; orientation: Orientation }> {
  const type = checkMediaType(bytes, declared);
  const header = readSize(bytes, type);
  checkSize(header, limits);
  if (frame && type !== "application/dicom" && type !== "application/x-nifti") {
    requireFrame(frame, 1);
  }
  const samples = await DECODERS[type](bytes, frame);
  if (
    samples.width !== header.width || samples.height !== header.height ||
    samples.data.length !== header.width * header.height * samples.channels
  ) {
    throw readErrors("image").malformed(
      `its header says ${header.width}×${header.height} pixels; decoding gave ${samples.width}×${samples.height}.`,
    );
  }
  return { samples, orientation: readOrientation(bytes, type) };
}
