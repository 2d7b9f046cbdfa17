import { readFixture } from "./fixtures.ts";

/** What an annotation file of tests/parity/golden/segmentations is on an image, as its cases.json says. */
export interface AnnotationCase {
  file: string;
  /** Null for an image that is no DICOM file. */
  image: string | null;
  frame?: number;
  segment?: string;
  /** The error code that reading must end with, and words of its message; then there is no mask. */
  refused?: string;
  message?: string;
  /** Base64, height × width, 0 or 1. */
  mask?: string;
  width?: number;
  value?: number;
  threshold?: number;
  warnings?: string[];
}

const FOLDER = new URL("../parity/golden/segmentations/", import.meta.url);

export const readAnnotationFile = (name: string) => readFixture(name, FOLDER);

export const annotationCases: AnnotationCase[] = JSON.parse(
  new TextDecoder().decode(readAnnotationFile("cases.json")),
);
