import { readDicom } from "../dicom/data_set/file.ts";
import { decodeSamples } from "./decode.ts";
import {
  decodeSegment,
  isSegmentation,
  type SegmentChoice,
} from "../dicom/segmentation/read_segment.ts";
import { dicomSize } from "../dicom/pixels/layout.ts";
import { orient } from "./orientation.ts";
import { countFrames } from "./frames.ts";
import { checkMediaType } from "./media_type.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import { describeReading, type Mask, type ReadMask } from "../core/mask.ts";
import { toMask } from "../codecs/samples.ts";

/**
 * Reads the bytes of an image to a binary mask in image space, H×W uint8, 0 or 255.
 *
 * {@linkcode toMask} says which pixels belong to the structure; alpha does not count. EXIF rotation is applied as for
 * pictures. Of a DICOM segmentation the chosen segment on the given image is decoded; of other files with several
 * frames, the frame of the image.
 *
 * @param declared the media type that the sender stated, if any; it must not contradict the bytes.
 * @throws {EdgeError}
 */
export async function readMask(
  bytes: Uint8Array,
  limits: ImageLimits,
  declared?: string,
  choice: SegmentChoice = {},
): Promise<ReadMask> {
  if (checkMediaType(bytes, declared) === "application/dicom") {
    const file = readDicom(bytes);
    if (isSegmentation(file.dataset)) {
      checkSize(dicomSize(file.dataset), limits);
      const mask = await decodeSegment(file, choice);
      const reading = describeReading(mask, "segment", {
        value: choice.segment ?? null,
      });
      return { mask, reading, warnings: [] };
    }
  }
  const frame = choice.image?.frame;
  const ofMany = frame !== undefined && countFrames(bytes, declared).count > 1;
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    declared,
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
