import {
  type DecodedImage,
  type DecodeOptions,
  type Samples,
  toRaster,
} from "../codecs/samples.ts";
import { requireFrame } from "../core/frames.ts";
import type { Size } from "../core/geometry.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import { readErrors } from "../core/read_errors.ts";
import { FORMATS } from "./formats.ts";
import { type ImageType, openImage } from "./media_type.ts";
import { orient, type Orientation, readOrientation } from "./orientation.ts";

/**
 * Decodes the bytes of an image file of any format that is read here, gzipped or not, to a raster in image space, H×W×C
 * uint8, C = 1 for greys.
 *
 * Alpha is dropped, not composited, and palettes become RGB, as by Pillow's `convert("RGB")`. Greys of more than 8 bits
 * are windowed (see {@linkcode toRaster}). The pixel limit is applied to the header, before any decoding. A file that is
 * cut short or damaged is refused, never half decoded.
 *
 * @param frame of a DICOM image, page of a TIFF file or slice of a volume, from 0; may be left out for DICOM and TIFF,
 * whose first frame is then decoded, and for a volume of one slice.
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
  frame?: number,
): Promise<DecodedImage> {
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    { frame },
  );
  return orient(toRaster(samples), orientation);
}

/**
 * The steps that pictures and masks share: type, size limit by the header, and only then the decoding.
 *
 * @throws {EdgeError} and nothing else, whatever the bytes are.
 */
export async function decodeSamples(
  file: Uint8Array,
  limits: ImageLimits,
  options: DecodeOptions = {},
): Promise<{ samples: Samples; orientation: Orientation }> {
  const { type, bytes } = openImage(file);
  const { frame } = options;
  if (frame && FORMATS[type].frames === undefined) requireFrame(frame, 1);
  const header = readSize(bytes, type, frame);
  checkSize(header, limits);
  const samples = await FORMATS[type].decode(bytes, options);
  if (
    samples.width !== header.width || samples.height !== header.height ||
    samples.data.length !== header.width * header.height * samples.channels
  ) {
    throw readErrors("image").malformed(
      `its header says ${header.width}×${header.height} pixels; decoding gave ${samples.width}×${samples.height}.`,
    );
  }
  return { samples, orientation: readOrientation(bytes, type, frame) };
}

/**
 * Width and height of the stored picture, before EXIF rotation, from the header alone; of a volume, its first two axes.
 * Decodes nothing and allocates next to nothing.
 *
 * @throws {EdgeError} for a header that cannot be read.
 */
export function readSize(
  bytes: Uint8Array,
  type: ImageType,
  frame?: number,
): Size {
  const { width, height } = FORMATS[type].readSize(bytes, frame);
  return { width, height };
}

/**
 * Width and height of a file's picture, in image space, from its headers alone.
 *
 * @throws {EdgeError} for what is no image, or one whose headers cannot be read.
 */
export function readUprightSize(file: Uint8Array, frame?: number): Size {
  const { type, bytes } = openImage(file);
  const { width, height } = readSize(bytes, type, frame);
  const isTurned = readOrientation(bytes, type, frame) >= 5;
  return isTurned ? { width: height, height: width } : { width, height };
}
