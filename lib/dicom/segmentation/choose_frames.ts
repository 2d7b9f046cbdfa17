import { EdgeError } from "../../core/errors.ts";
import type { Dataset } from "../data_set/data_set.ts";
import { isDicom, readDicom } from "../data_set/file.ts";
import { isSamePlane, planeOf } from "../data_set/plane.ts";
import { TAG } from "../data_set/tags.ts";

/** The file of the image that is annotated, and its frame, from 0. */
export interface AnnotatedImage {
  bytes: Uint8Array;
  frame?: number | undefined;
}

/**
 * Chooses the frames of a DICOM segmentation that belong to an image: those that refer to the image by its UID, or
 * else those that lie where the image lies. Without a DICOM image to compare with, there must be a single frame.
 *
 * @param frames of one segment, from 0.
 * @throws {EdgeError} `frame-choice` where none belongs to the image, or several could.
 */
export function chooseFrames(
  dataset: Dataset,
  frames: number[],
  image: AnnotatedImage | undefined,
): number[] {
  if (image === undefined || !isDicom(image.bytes)) {
    if (frames.length === 1) return frames;
    throw cannotChoose(
      `the segment has ${frames.length} frames; send the DICOM image on which it was drawn, to choose the right one.`,
    );
  }
  const { dataset: source } = readDicom(image.bytes);
  const { frame = 0 } = image;
  const refers = referringTo(source, frame);
  const referring = frames.filter((index) =>
    refers(dataset.group(index, TAG.derivationImages))
  );
  if (referring.length > 0) return referring;
  const inPlane = framesInPlane(dataset, frames, source, frame);
  if (inPlane.length > 0) return inPlane;
  throw cannotChoose("the segment has no frame on this image.");
}

/** The error of a segmentation of which no part, or no single part, fits. */
export function cannotChoose(sentence: string): EdgeError {
  return new EdgeError(
    "frame-choice",
    `Cannot use the segmentation: ${sentence}`,
  );
}

/**
 * Whether a group says that its frame was derived from the image's frame (PS3.3 §C.7.6.16.2.6). Each group is read
 * once, since all frames may share one group of many sources.
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

/** The frames in the plane of the image, in the same frame of reference. */
function framesInPlane(
  dataset: Dataset,
  frames: number[],
  image: Dataset,
  imageFrame: number,
): number[] {
  const reference = image.text(TAG.frameOfReference);
  if (reference === "" || dataset.text(TAG.frameOfReference) !== reference) {
    return [];
  }
  const wanted = planeOf(image, imageFrame);
  if (wanted === undefined) return [];
  return frames.filter((frame) => {
    const plane = planeOf(dataset, frame);
    return plane !== undefined && isSamePlane(plane, wanted);
  });
}
