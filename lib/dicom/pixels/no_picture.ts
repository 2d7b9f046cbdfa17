import { type Dataset, unsupported } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import { LABEL_MAP_STORAGE, SEGMENTATION_STORAGE } from "../data_set/uid.ts";
import type { EdgeError } from "../../core/errors.ts";

/** Objects without pixels by their SOP class (PS3.4 table B.5-1, PS3.6 annex A), and what to send instead. */
const OBJECTS: [classUid: string, kind: string, advice: string][] = [
  [
    "1.2.840.10008.5.1.4.1.1.481.3",
    "an RTSTRUCT, which holds contours",
    "send the image it was drawn on, and the RTSTRUCT as mask",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.481.",
    "a radiotherapy plan or record, which holds settings",
    "send the image that was planned on",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.88.",
    "a structured report, which holds text",
    "send the image that it speaks of",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.104.",
    "a document, which holds pages",
    "send the image itself",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.11.",
    "a presentation state, which holds a way to show an image",
    "send the image that it presents",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.66.",
    "a registration or a surface, which holds geometry",
    "send the image that it refers to",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.9.",
    "a waveform, which holds signals",
    "send an image",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.4.2",
    "a spectrum, which holds signals",
    "send an image",
  ],
  [
    "1.2.840.10008.5.1.4.1.1.68.",
    "a surface scan, which holds geometry",
    "send an image",
  ],
];

/** Whether a DICOM file is a segmentation: by its class, or by what it holds. Its pixels are masks. */
export function isSegmentation(dataset: Dataset): boolean {
  const sopClass = dataset.text(TAG.sopClass);
  return sopClass === SEGMENTATION_STORAGE || sopClass === LABEL_MAP_STORAGE ||
    (dataset.has(TAG.segments) && dataset.has(TAG.pixelData));
}

/** @throws {EdgeError} for a segmentation, whose pixels would pass for a picture. */
export function requirePicture(dataset: Dataset): void {
  if (!isSegmentation(dataset)) return;
  throw unsupported(
    "an image",
    "a DICOM segmentation, which holds masks; send the image it was drawn on, and the segmentation as mask",
  );
}

/** The error of a file without a picture, which names what it is and what to send instead. */
export function noPicture(dataset: Dataset): EdgeError {
  if (dataset.has(TAG.directoryRecords)) {
    return unsupported("an image", "a DICOMDIR; send the images that it lists");
  }
  const uid = dataset.text(TAG.sopClass);
  const found = OBJECTS.find(([start]) => uid.startsWith(start));
  return unsupported(
    "an image",
    found === undefined
      ? "a file without pixel data"
      : `${found[1]} and no pixels; ${found[2]}`,
  );
}
