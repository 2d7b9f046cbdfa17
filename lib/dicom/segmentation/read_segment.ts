import { type Dataset, malformed } from "../data_set/data_set.ts";
import { isDicom, readDicom } from "../data_set/file.ts";
import { TAG } from "../data_set/tags.ts";
import { decodeFrame } from "../pixels/decode.ts";
import { groupOf } from "../data_set/functional_groups.ts";
import { readDicomLayout } from "../pixels/layout.ts";
import { EdgeError } from "../../core/errors.ts";
import type { Mask } from "../../core/mask.ts";

/** Segmentation Storage (PS3.6 table A-1). */
export const SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4";

/** Which part of a DICOM segmentation is meant. */
export interface SegmentChoice {
  /** Segment number; may be left out where there is one. */
  segment?: number;
  /** The file of the image that is annotated, which tells the frame. */
  image?: { bytes: Uint8Array; frame?: number };
}

/** Positions closer than this are the same slice, millimetres. */
const SAME_PLACE = 0.05;

const wrong = (message: string) =>
  new EdgeError("frame-choice", `Cannot use the segmentation: ${message}`);

/** Whether a DICOM file is a segmentation. */
export function isSegmentation(dataset: Dataset): boolean {
  return dataset.text(TAG.sopClass) === SEGMENTATION;
}

/**
 * The mask of one segment on one image, of a DICOM segmentation (PS3.3 §A.51): its frames that refer to
 * the image by its UID, or else lie where the image lies. Without a DICOM image to compare with, the
 * segment must have a single frame. Fractional segments count from half of their maximum on.
 *
 * @throws {EdgeError} `frame-choice` where the segment is not said, is not there, or has no frame for
 * the image.
 */
export async function decodeSegment(
  dataset: Dataset,
  transferSyntax: string,
  { segment, image }: SegmentChoice,
): Promise<Mask> {
  const layout = readDicomLayout({ dataset, transferSyntax });
  const number = chooseSegment(dataset, segment);
  const frames: number[] = [];
  for (let frame = 0; frame < layout.frames; frame++) {
    const group = groupOf(dataset, frame, TAG.segmentIdentification);
    if (group.short(TAG.referencedSegment) === number) frames.push(frame);
  }
  const chosen = chooseFrames(dataset, frames, image);
  const fractional = dataset.text(TAG.segmentationType) === "FRACTIONAL";
  const least = fractional
    ? (dataset.short(TAG.maximumFractional) ?? 255) / 2
    : 1;
  const { width, height } = layout;
  const mask = new Uint8Array(width * height);
  for (const frame of chosen) {
    const { data } = await decodeFrame(layout, frame);
    for (let i = 0; i < mask.length; i++) if (data[i] >= least) mask[i] = 255;
  }
  return { width, height, data: mask };
}

function chooseSegment(dataset: Dataset, wanted?: number): number {
  const numbers = dataset.items(TAG.segments)
    .map((item) => item.short(TAG.segmentNumber))
    .filter((number) => number !== undefined);
  if (numbers.length === 0) throw malformed("it describes no segments.");
  const number = wanted ?? (numbers.length === 1 ? numbers[0] : undefined);
  if (number !== undefined && numbers.includes(number)) return number;
  // Labels are not quoted: who made the file may have written a name there.
  const list = numbers.slice(0, 50).join(", ");
  throw wrong(
    wanted === undefined
      ? `it has several segments; say which with segment: ${list}.`
      : `it has no segment ${wanted}, but: ${list}.`,
  );
}

function chooseFrames(
  dataset: Dataset,
  frames: number[],
  image: SegmentChoice["image"],
): number[] {
  if (image !== undefined && isDicom(image.bytes)) {
    const source = readDicom(image.bytes).dataset;
    const frame = image.frame ?? 0;
    const refers = referringTo(source, frame);
    const referring = frames.filter((k) =>
      refers(groupOf(dataset, k, TAG.derivationImages))
    );
    if (referring.length > 0) return referring;
    const there = framesAt(dataset, frames, source, frame);
    if (there.length > 0) return there;
    throw wrong("the segment has no frame on this image.");
  }
  if (frames.length === 1) return frames;
  throw wrong(
    `the segment has ${frames.length} frames; send the DICOM image that it was drawn on, which tells the one.`,
  );
}

/**
 * Whether a group says that its frames were derived from the image's frame (PS3.3 §C.7.6.16.2.6). Each
 * is asked once: all frames may share one of many sources.
 */
function referringTo(
  image: Dataset,
  imageFrame: number,
): (group: Dataset) => boolean {
  const instance = image.text(TAG.sopInstance);
  const known = new Map<Dataset, boolean>();
  return (group) => {
    let refers = known.get(group);
    if (refers === undefined) {
      refers = group.items(TAG.sourceImages).some((source) => {
        if (source.text(TAG.referencedInstance) !== instance) return false;
        const numbers = source.decimals(TAG.referencedFrames);
        return numbers.length === 0 || numbers.includes(imageFrame + 1);
      });
      known.set(group, refers);
    }
    return refers;
  };
}

/** The frames that lie in the plane of the image, in the same frame of reference. */
function framesAt(
  dataset: Dataset,
  frames: number[],
  image: Dataset,
  imageFrame: number,
): number[] {
  const reference = image.text(TAG.frameOfReference);
  if (reference === "" || dataset.text(TAG.frameOfReference) !== reference) {
    return [];
  }
  const there = placeOf(image, imageFrame);
  if (there === undefined) return [];
  return frames.filter((frame) =>
    placeOf(dataset, frame)?.every((value, i) =>
      Math.abs(value - there[i]) < SAME_PLACE
    )
  );
}

/** Position and orientation of a frame, or undefined where they are not stated. */
function placeOf(dataset: Dataset, frame: number): number[] | undefined {
  const position = groupOf(dataset, frame, TAG.planePosition)
    .decimals(TAG.imagePosition);
  const orientation = groupOf(dataset, frame, TAG.planeOrientation)
    .decimals(TAG.imageOrientation);
  return position.length === 3 && orientation.length === 6
    ? [...position, ...orientation]
    : undefined;
}
