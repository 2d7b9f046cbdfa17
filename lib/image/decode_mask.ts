import type { Samples } from "../codecs/samples.ts";
import { readDicom } from "../dicom/data_set/file.ts";
import { decodeSamples, readSize } from "./decode.ts";
import {
  isAnnotation,
  readAnnotation,
  type SegmentChoice,
} from "../dicom/segmentation/read_annotation.ts";
import { orient, type Orientation } from "./orientation.ts";
import { FORMATS } from "./formats.ts";
import { countFrames } from "./frames.ts";
import { readStructure } from "./mask_structure.ts";
import { openImage, unpackImage } from "./media_type.ts";
import { readVolumeMask } from "./volume_mask.ts";
import { EdgeError } from "../core/errors.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import { describeReading, type Mask, type ReadMask } from "../core/mask.ts";

/**
 * Reads the bytes of an image file of any type, gzipped or not, to a binary mask in image space, H×W uint8, 0 or 255.
 *
 * {@linkcode readStructure} says which pixels belong to the structure. EXIF rotation is applied as for pictures. Of a
 * DICOM segmentation or structure set, the chosen structure is placed on the given image, and so is a volume, by
 * {@linkcode readVolumeMask}; of other files with several frames, the frame of the image is taken.
 *
 * @throws {EdgeError}
 */
export async function readMask(
  file: Uint8Array,
  limits: ImageLimits,
  chosen: SegmentChoice = {},
): Promise<ReadMask> {
  const { type, bytes } = openImage(file);
  const { volume, frames } = FORMATS[type];
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
  const { segment } = choice;
  if (volume !== undefined) {
    const header = volume(bytes);
    const samples = await readVolumeMask(bytes, header, limits, choice.image);
    const isPart = header.slices * header.volumes > 1;
    return toMask(samples, segment, isPart);
  }
  const frame = choice.image?.frame;
  checkSize(readSize(bytes, type, frame), limits);
  const ofMany = frames !== undefined && frames.count(bytes).count > 1;
  if (ofMany && frame === undefined) requireManyFrames(choice.image);
  const { samples, orientation } = await decodeSamples(
    bytes,
    limits,
    { frame: ofMany ? frame : undefined, forMask: true },
  );
  return toMask(samples, segment, ofMany, orientation);
}

/** Refuses a mask of many frames for an image of one, where none is chosen. */
function requireManyFrames(image: SegmentChoice["image"]): void {
  if (image !== undefined && countFrames(image.bytes).count > 1) return;
  throw new EdgeError(
    "frame-choice",
    "Cannot use the mask: it has several frames or pages, and the image has one; send the one that belongs to it.",
  );
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
