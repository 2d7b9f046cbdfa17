import { decodeSamples } from "./decode_samples.ts";
import { orient } from "./orientation.ts";
import type { ImageLimits, Raster } from "../core/raster.ts";
import { toRaster } from "../codecs/samples.ts";

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
