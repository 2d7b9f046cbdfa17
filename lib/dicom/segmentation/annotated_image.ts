import { requireFrame } from "../../core/frames.ts";
import type { Size } from "../../core/geometry.ts";
import { checkSize, type ImageLimits } from "../../core/raster.ts";
import type { Dataset } from "../data_set/data_set.ts";
import { isDicom, readDicom } from "../data_set/file.ts";
import { type Grid, gridOf } from "../data_set/grid.ts";
import { type Plane, planeOf } from "../data_set/plane.ts";
import { TAG } from "../data_set/tags.ts";
import { dicomSize } from "../pixels/layout.ts";

/** The file of the image that is annotated, and its frame, from 0. */
export interface AnnotatedImage {
  bytes: Uint8Array;
  frame?: number | undefined;
}

/** What is known of a DICOM image on which an annotation is placed. */
export interface ImageFrame extends Size {
  /** From 0, and of how many. */
  frame: number;
  frames: number;
  /** UID of the instance, and of the frame of reference; "" where they are not stated. */
  instance: string;
  frameOfReference: string;
  plane: Plane | undefined;
  grid: Grid | undefined;
}

/**
 * Reads where a DICOM image lies; decodes no pixels. Undefined for other files, which lie nowhere.
 *
 * @throws {EdgeError}
 */
export function readImageFrame(
  { bytes, frame = 0 }: AnnotatedImage,
  limits: ImageLimits,
): ImageFrame | undefined {
  if (!isDicom(bytes)) return undefined;
  const { dataset } = readDicom(bytes);
  const size = dicomSize(dataset);
  checkSize(size, limits);
  const [frames = 1] = dataset.decimals(TAG.frames);
  requireFrame(frame, Math.max(frames, 1));
  return {
    ...size,
    frame,
    frames,
    instance: dataset.text(TAG.sopInstance),
    frameOfReference: dataset.text(TAG.frameOfReference),
    plane: planeOf(dataset, frame),
    grid: gridOf(dataset, frame),
  };
}

/** Whether an item of a sequence refers to the image (PS3.3 §10.3), and to its frame where it names frames. */
export function refersTo(item: Dataset, { instance, frame }: ImageFrame) {
  if (instance === "") return false;
  if (item.text(TAG.referencedInstance) !== instance) return false;
  const numbers = item.decimals(TAG.referencedFrames);
  return numbers.length === 0 || numbers.includes(frame + 1);
}
