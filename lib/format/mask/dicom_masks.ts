import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import type { Mask } from "../../core/mask.ts";
import type { ImageSource } from "../../dicom/segmentation/read_source.ts";
import type { SegmentDescription } from "../../dicom/segmentation/segment_description.ts";
import { writeSegmentation } from "../../dicom/segmentation/write_segmentation.ts";
import {
  requirePlaced,
  writeStructureSet,
} from "../../dicom/structure_set/write_structure_set.ts";
import { outline, type Ring } from "./polygons.ts";
import { maskRuns } from "./runs.ts";

/** The DICOM objects that hold masks: a segmentation, or a structure set of radiotherapy. */
export const DICOM_FORMS = ["seg", "rtstruct"] as const;
export type DicomForm = typeof DICOM_FORMS[number];

/** Most runs of a mask that is outlined: 64 pieces side by side in every row of 4096. */
const MAX_RUNS = 2 ** 18;

/** @throws {EdgeError} `invalid-input` for an image of which no such object can be written. */
export function requireFit(source: ImageSource, form: DicomForm): void {
  if (form === "rtstruct") requirePlaced(source);
}

/**
 * Writes masks of images of one series as a DICOM object.
 *
 * @param images whose masks may be getters: they are asked for one after another.
 * @throws {EdgeError} as the writers of segmentations and structure sets do.
 */
export function writeDicomMasks(
  images: { source: ImageSource; readonly mask: Mask }[],
  segment: SegmentDescription,
  form: DicomForm,
): Bytes {
  if (form === "seg") return writeSegmentation(images, segment);
  const outlined = images.map((image) => ({
    source: image.source,
    get rings() {
      return outlineOf(image.mask);
    },
  }));
  return writeStructureSet(outlined, segment);
}

function outlineOf(mask: Mask): Ring[] {
  const runs = maskRuns(mask);
  const count = runs.from.length;
  if (count <= MAX_RUNS) return outline(runs);
  throw new EdgeError(
    "too-large",
    `Cannot write a structure set: a mask is in ${count} pieces of rows; at most ${MAX_RUNS} are outlined.`,
  );
}
