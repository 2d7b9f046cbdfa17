import { readDicom } from "../dicom/data_set/file.ts";
import { decodeSamples } from "./decode.ts";
import {
  isAnnotation,
  readAnnotation,
  type SegmentChoice,
} from "../dicom/segmentation/read_annotation.ts";
import { orient } from "./orientation.ts";
import { countFrames } from "./frames.ts";
import { checkMediaType, unpackImage } from "./media_type.ts";
import type { ImageLimits } from "../core/raster.ts";
import { describeReading, type Mask, type ReadMask } from "../core/mask.ts";
import { toMask } from "../codecs/samples.ts";

/**
 * Reads the bytes of an image file, gzipped or not, to a binary mask in image space, H×W uint8, 0 or 255.
 *
 * {@linkcode toMask} says which pixels belong to the structure; alpha does not count. EXIF rotation is applied as for
 * pictures. Of a DICOM segmentation or structure set, the chosen structure is placed on the given image; of other
 * files with several frames, the frame of the image is taken.
 *
 * @param _declared the media type that the sender stated; the bytes decide.
 * @throws {EdgeError}
 */
export async function readMask(
  file: Uint8Array,
  limits: ImageLimits,
  _declared?: string,
  chosen: SegmentChoice = {},
): Promise<ReadMask> {
  const type = checkMediaType(file);
  const bytes = unpackImage(file);
  const { image } = chosen;
  const choice = image === undefined
    ? chosen
    : { ...chosen, image: { ...image, bytes: unpackImage(image.bytes) } };
  if (type === "application/dicom") {
    const dicom = readDicom(bytes);
    if (isAnnotation(dicom.dataset)) {
      return await readAnnotation(dicom, limits, choice);
    }
  }
  const frame = choice.image?.frame;
  const ofMany = frame !== undefined && countFrames(bytes).count > 1;
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    undefined,
    { frame: ofMany ? frame : undefined, forMask: true },
  );
  const mask = orient(toMask(samples), orientation);
  const { warnings = [] } = samples;
  return { mask, reading: describeReading(mask, "binary"), warnings };
}

/** The mask alone of {@linkcode readMask}. */
export async function decodeMask(
  ...file: Parameters<typeof readMask>
): Promise<Mask> {
  return (await readMask(...file)).mask;
}
