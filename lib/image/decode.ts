import { decodeJpeg } from "../codecs/jpeg/decode.ts";
import { readJpegHeader } from "../codecs/jpeg/markers.ts";
import { decodeNifti } from "../codecs/nifti/decode.ts";
import { readNiftiHeader } from "../codecs/nifti/header.ts";
import { readPngHeader } from "../codecs/png/chunks.ts";
import { decodePng } from "../codecs/png/decode.ts";
import { type Samples, toRaster } from "../codecs/samples.ts";
import { decodeTiff } from "../codecs/tiff/decode.ts";
import { readTiffSize } from "../codecs/tiff/layout.ts";
import { readWebpChunks } from "../codecs/webp/chunks.ts";
import { decodeWebp } from "../codecs/webp/decode.ts";
import { requireFrame } from "../core/frames.ts";
import type { Size } from "../core/geometry.ts";
import { checkSize, type ImageLimits, type Raster } from "../core/raster.ts";
import { readErrors } from "../core/read_errors.ts";
import { readDicom } from "../dicom/data_set/file.ts";
import { decodeDicom } from "../dicom/pixels/decode.ts";
import { dicomSize } from "../dicom/pixels/layout.ts";
import { checkMediaType, type ImageType } from "./media_type.ts";
import { orient, type Orientation, readOrientation } from "./orientation.ts";

/** How the header and the picture of each format are read. */
const FORMATS: Record<ImageType, {
  readSize(bytes: Uint8Array): Size;
  decode(bytes: Uint8Array, frame?: number): Samples | Promise<Samples>;
}> = {
  "image/png": { readSize: readPngHeader, decode: decodePng },
  "image/jpeg": { readSize: readJpegHeader, decode: decodeJpeg },
  "image/webp": { readSize: readWebpChunks, decode: decodeWebp },
  "image/tiff": { readSize: readTiffSize, decode: decodeTiff },
  "application/dicom": {
    readSize: (bytes) => dicomSize(readDicom(bytes).dataset),
    decode: decodeDicom,
  },
  "application/x-nifti": { readSize: readNiftiHeader, decode: decodeNifti },
};

/**
 * Decodes PNG, JPEG, WebP, TIFF, DICOM or NIfTI bytes to a raster in image space, H×W×C uint8, C = 1 for greys.
 *
 * Alpha is dropped, not composited, and palettes become RGB, as by Pillow's `convert("RGB")`. 16-bit greys are
 * windowed (see {@linkcode toRaster}). The pixel limit is applied to the header, before any decoding. A file that is
 * cut short or damaged is refused, never half decoded.
 *
 * @param declared the media type that the sender stated, if any; it must not contradict the bytes.
 * @param frame of a DICOM image or slice of a NIfTI volume, from 0; may be left out for a DICOM image, whose first
 * frame is then decoded, and for a volume of one slice.
 * @throws {EdgeError}
 *
 * @example
 * ```ts
 * import { deepEqual, rejects } from "node:assert/strict";
 * import { encodePng } from "../codecs/png/encode.ts";
 *
 * const picture = {
 *   width: 2,
 *   height: 1,
 *   channels: 3 as const,
 *   data: Uint8Array.of(255, 0, 0, 0, 0, 255),
 * };
 * const file = encodePng(picture);
 * deepEqual(await decodeImage(file, { maxPixels: 1000 }), picture);
 * await rejects(decodeImage(file, { maxPixels: 1 }), { code: "too-large" });
 * ```
 */
export async function decodeImage(
  bytes: Uint8Array,
  limits: ImageLimits,
  declared?: string,
  frame?: number,
): Promise<Raster> {
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    declared,
    frame,
  );
  return orient(toRaster(samples), orientation);
}

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
  const samples = await FORMATS[type].decode(bytes, frame);
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

/**
 * Width and height of the stored picture, before EXIF rotation, from the header alone: PNG IHDR, JPEG SOFn, WebP VP8,
 * VP8L or VP8X, the first TIFF directory, DICOM rows and columns, NIfTI's first two dimensions. Decodes nothing and
 * allocates next to nothing.
 *
 * @throws {EdgeError} for a header that cannot be read.
 */
export function readSize(bytes: Uint8Array, type: ImageType): Size {
  const { width, height } = FORMATS[type].readSize(bytes);
  return { width, height };
}
