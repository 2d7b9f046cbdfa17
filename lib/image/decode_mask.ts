import type { Samples } from "../codecs/samples.ts";
import { readDicom } from "../dicom/data_set/file.ts";
import { decodeSamples } from "./decode.ts";
import {
  isAnnotation,
  readAnnotation,
  type SegmentChoice,
} from "../dicom/segmentation/read_annotation.ts";
import { orient, type Orientation } from "./orientation.ts";
import { countFrames } from "./frames.ts";
import { readStructure } from "./mask_structure.ts";
import { checkMediaType } from "./media_type.ts";
import { readVolumeHeader } from "./volume.ts";
import { readVolumeMask } from "./volume_mask.ts";
import type { ImageLimits } from "../core/raster.ts";
import { describeReading, type Mask, type ReadMask } from "../core/mask.ts";

/**
 * Reads image bytes of any type to a binary mask in image space, H×W uint8, 0 or 255.
 *
 * {@linkcode readStructure} says which pixels belong to the structure. EXIF rotation is applied as for pictures. Of a
 * DICOM segmentation or structure set, the chosen structure is placed on the given image, and so is a volume, by
 * {@linkcode readVolumeMask}; of other files with several frames, the frame of the image is taken.
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
    if (isAnnotation(file.dataset)) {
      return await readAnnotation(file, limits, choice);
    }
  }
  const { image, segment } = choice;
  const header = readVolumeHeader(bytes, declared);
  if (header !== undefined) {
    const samples = await readVolumeMask(bytes, header, limits, image);
    const isPart = header.slices * header.volumes > 1;
    return toMask(samples, segment, isPart);
  }
  const ofMany = image?.frame !== undefined &&
    countFrames(bytes, declared).count > 1;
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    declared,
    { frame: ofMany ? image.frame : undefined, forMask: true },
  );
  return toMask(samples, segment, ofMany, orientation);
}

function toMask(
  samples: Samples,
  segment: string | undefined,
  isPart: boolean,
  orientation?: Orientation,
): ReadMask {
  const { mask: stored, kind, ...told } = readStructure(
    samples,
    segment,
    isPart,
  );
  const mask = orientation ? orient(stored, orientation) : stored;
  const { warnings = [] } = samples;
  return { mask, reading: describeReading(mask, kind, told), warnings };
}

/** The mask alone of {@linkcode readMask}. */
export async function decodeMask(
  ...file: Parameters<typeof readMask>
): Promise<Mask> {
  return (await readMask(...file)).mask;
}
