import type { Mask } from "../../core/mask.ts";
import { type Dataset, malformed } from "../data_set/data_set.ts";
import type { DicomFile } from "../data_set/file.ts";
import { TAG } from "../data_set/tags.ts";
import { SEGMENTATION_STORAGE } from "../data_set/uid.ts";
import { decodeFrame } from "../pixels/decode.ts";
import { readDicomLayout } from "../pixels/layout.ts";
import {
  type AnnotatedImage,
  cannotChoose,
  chooseFrames,
} from "./choose_frames.ts";

/** Which part of a DICOM segmentation is wanted. */
export interface SegmentChoice {
  /** Number or name of a structure; may be left out where there is only one. */
  segment?: string | undefined;
  /** The image that is annotated, by which frames are chosen. */
  image?: AnnotatedImage | undefined;
}

/** Whether a DICOM file is a segmentation. */
export function isSegmentation(dataset: Dataset): boolean {
  return dataset.text(TAG.sopClass) === SEGMENTATION_STORAGE;
}

/**
 * The mask of one segment on one image, from a DICOM segmentation (PS3.3 §A.51): the union of the segment's frames
 * that {@linkcode chooseFrames} finds for the image. Values of fractional segments count from half of their maximum.
 *
 * @throws {EdgeError} `frame-choice` where the segment is not chosen, does not exist, or has no frame for the image.
 */
export async function decodeSegment(
  file: DicomFile,
  { segment, image }: SegmentChoice,
): Promise<Mask> {
  const { dataset } = file;
  const layout = readDicomLayout(file);
  const number = chooseSegment(dataset, segment);
  const frames: number[] = [];
  for (let frame = 0; frame < layout.frames; frame++) {
    const group = dataset.group(frame, TAG.segmentIdentification);
    if (group.short(TAG.referencedSegment) === number) frames.push(frame);
  }
  const isFractional = dataset.text(TAG.segmentationType) === "FRACTIONAL";
  const least = isFractional
    ? (dataset.short(TAG.maximumFractional) ?? 255) / 2
    : 1;
  const { width, height } = layout;
  const mask = new Uint8Array(width * height);
  for (const frame of chooseFrames(dataset, frames, image)) {
    const { data } = await decodeFrame(layout, frame);
    data.forEach((value, i) => {
      if (value >= least) mask[i] = 255;
    });
  }
  return { width, height, data: mask };
}

function chooseSegment(dataset: Dataset, choice?: string): number {
  const wanted = choice === undefined ? undefined : Number(choice);
  const numbers = dataset.items(TAG.segments)
    .map((item) => item.short(TAG.segmentNumber))
    .filter((number) => number !== undefined);
  if (numbers.length === 0) throw malformed("it describes no segments.");
  const number = wanted ?? (numbers.length === 1 ? numbers[0] : undefined);
  if (number !== undefined && numbers.includes(number)) return number;
  // Labels are not quoted: the file's author may have written a name there.
  const list = numbers.slice(0, 50).join(", ");
  throw cannotChoose(
    wanted === undefined
      ? `it has several segments; choose one with segment: ${list}.`
      : `it has no segment ${wanted}; it has: ${list}.`,
  );
}
