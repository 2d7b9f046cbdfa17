import type { ReadMask } from "../../core/mask.ts";
import type { ImageLimits } from "../../core/raster.ts";
import type { Dataset } from "../data_set/data_set.ts";
import type { DicomFile } from "../data_set/file.ts";
import { type AnnotatedImage, readImageFrame } from "./annotated_image.ts";
import { isSegmentation } from "../pixels/no_picture.ts";
import { readSegment } from "./read_segment.ts";
import { isStructureSet, readStructureSet } from "./read_structure_set.ts";

/** Which structure of an annotation file is wanted. */
export interface SegmentChoice {
  /** Number or name of a segment or structure; may be left out where there is only one. */
  segment?: string | undefined;
  /** The image that is annotated, on which the structure is placed. */
  image?: AnnotatedImage | undefined;
}

/** Whether a DICOM file holds structures instead of an image: a segmentation or a structure set. */
export function isAnnotation(dataset: Dataset): boolean {
  return isSegmentation(dataset) || isStructureSet(dataset);
}

/**
 * The mask of one structure of a file that {@linkcode isAnnotation} has recognised, on the grid of the image.
 *
 * @throws {EdgeError}
 */
export async function readAnnotation(
  file: DicomFile,
  limits: ImageLimits,
  { segment, image }: SegmentChoice,
): Promise<ReadMask> {
  const placed = image && readImageFrame(image, limits);
  return isSegmentation(file.dataset)
    ? await readSegment(file, placed, limits, segment)
    : readStructureSet(file.dataset, placed, segment);
}
