import { type EdgeError, invalidInput } from "../../core/errors.ts";
import { requireFrame } from "../../core/frames.ts";
import type { Size } from "../../core/geometry.ts";
import type { Dataset } from "../data_set/data_set.ts";
import { isDicom, readDicom } from "../data_set/file.ts";
import { type Grid, gridOf } from "../data_set/grid.ts";
import { planeOf } from "../data_set/plane.ts";
import { TAG } from "../data_set/tags.ts";
import type { WriteElement } from "../data_set/write.ts";
import { readDicomLayout } from "../pixels/layout.ts";

/**
 * What a segmentation states of the image on which it was drawn. It holds the attributes of the patient and the study
 * as the image has them, so it may go only into the answer to the sender of the image.
 */
export interface ImageSource extends Size {
  sopClass: string;
  sopInstance: string;
  series: string;
  /** From 0; null where the image has a single frame. */
  frame: number | null;
  frameOfReference: string | null;
  /** Decimal strings as in the file, or null where the image has no place in the patient. */
  geometry: {
    /** Image Position (Patient). */
    position: string;
    /** Image Orientation (Patient). */
    orientation: string;
    /** Pixel Spacing. */
    spacing: string;
    thickness: string;
  } | null;
  /** The same as numbers; null where it is not stated, or where it is no grid. */
  grid: Grid | null;
  /** Attributes of patient and study, which what is derived from the image repeats. */
  shared: WriteElement[];
  /** Date and time of the image, DICOM DA and TM. */
  date: string;
  time: string;
  instanceNumber: string;
  /** Lossy compression that the image went through: ratio and method, or null. */
  lossy: { ratio: string; method: string } | null;
}

/**
 * Attributes of patient and study, and their character set, with their value representations. Those of type 2 are
 * written empty where the image lacks them; the others are left out.
 */
const SHARED: [tag: number, vr: string, type?: 2][] = [
  [TAG.characterSet, "CS"],
  [TAG.timezone, "SH"],
  [TAG.studyDate, "DA", 2],
  [TAG.studyTime, "TM", 2],
  [TAG.accessionNumber, "SH", 2],
  [TAG.referringPhysician, "PN", 2],
  [TAG.patientName, "PN", 2],
  [TAG.patientId, "LO", 2],
  [TAG.patientBirthDate, "DA", 2],
  [TAG.patientSex, "CS", 2],
  [TAG.patientAge, "AS"],
  [TAG.studyInstance, "UI"],
  [TAG.studyId, "SH", 2],
  [TAG.positionReference, "LO"],
];

/** The greatest even length of 16 bits, with which elements are written; implicit ones are read with 32 bits. */
const MAX_VALUE = 65_534;

/**
 * Reads what a segmentation must state of a DICOM image; decodes no pixels.
 *
 * @param frame from 0.
 * @throws {EdgeError} `invalid-input` for another kind of file, for one that lacks a UID to refer to, and for a value
 * that is too long to be written; errors of reading for a DICOM file that cannot be read.
 */
export function readSource(bytes: Uint8Array, frame = 0): ImageSource {
  return sourceReader(bytes).read(frame);
}

/** Reads what is stated of any frame of a DICOM image, which is parsed once; see {@linkcode readSource}. */
export function sourceReader(
  bytes: Uint8Array,
): { frames: number; read: (frame: number) => ImageSource } {
  if (!isDicom(bytes)) {
    throw cannotWrite("it must refer to a DICOM image, and the image is none");
  }
  const file = readDicom(bytes);
  const { dataset } = file;
  const { width, height, frames } = readDicomLayout(file);
  const uid = (tag: number, name: string) => {
    const text = dataset.text(tag);
    if (/^[0-9.]{1,64}$/.test(text)) return text;
    throw cannotWrite(`the image states no ${name} UID to refer to`);
  };
  const sopClass = uid(TAG.sopClass, "SOP class");
  const sopInstance = uid(TAG.sopInstance, "SOP instance");
  const series = uid(TAG.seriesInstance, "series");
  uid(TAG.studyInstance, "study");
  const reference = dataset.text(TAG.frameOfReference);
  const shared: WriteElement[] = SHARED
    .filter(([tag, , type]) =>
      type === 2 || dataset.has(tag) ||
      (tag === TAG.positionReference && reference !== "")
    )
    .map(([tag, vr]) => [tag, vr, valueOf(dataset, tag)]);
  const first = (...tags: number[]) =>
    tags.map((tag) => dataset.text(tag)).find((text) => text !== "");
  const every = {
    width,
    height,
    sopClass,
    sopInstance,
    series,
    frameOfReference: reference === "" ? null : reference,
    shared,
    date: first(TAG.contentDate, TAG.seriesDate, TAG.studyDate) ?? "19000101",
    time: first(TAG.contentTime, TAG.seriesTime, TAG.studyTime) ?? "000000",
    instanceNumber: first(TAG.instanceNumber) ?? "1",
    lossy: dataset.text(TAG.lossy) === "01"
      ? {
        ratio: first(TAG.lossyRatio) ?? "1",
        method: first(TAG.lossyMethod) ?? "ISO_10918_1",
      }
      : null,
  };
  const read = (frame: number): ImageSource => {
    requireFrame(frame, frames);
    const isPlaced = reference !== "";
    return {
      ...every,
      frame: frames > 1 ? frame : null,
      geometry: isPlaced ? geometryOf(dataset, frame) : null,
      grid: isPlaced ? gridOf(dataset, frame) ?? null : null,
    };
  };
  return { frames, read };
}

/** A value as it is in the file, or empty. */
function valueOf(dataset: Dataset, tag: number): Uint8Array | string {
  const bytes = dataset.bytes(tag);
  if (bytes !== undefined && bytes.length > MAX_VALUE) {
    throw cannotWrite(
      `an attribute of the image's patient or study has ${bytes.length} bytes; at most ${MAX_VALUE} can be written`,
    );
  }
  return bytes?.slice() ?? "";
}

function geometryOf(dataset: Dataset, frame: number): ImageSource["geometry"] {
  const measures = dataset.group(frame, TAG.pixelMeasures);
  if (
    planeOf(dataset, frame) === undefined ||
    measures.decimals(TAG.pixelSpacing).length !== 2
  ) return null;
  const position = dataset.group(frame, TAG.planePosition);
  const orientation = dataset.group(frame, TAG.planeOrientation);
  return {
    position: position.text(TAG.imagePosition),
    orientation: orientation.text(TAG.imageOrientation),
    spacing: measures.text(TAG.pixelSpacing),
    thickness: measures.text(TAG.sliceThickness) ||
      measures.text(TAG.spacingBetweenSlices),
  };
}

/** The error of images or masks of which no segmentation or structure set can be written. */
export function cannotWrite(
  why: string,
  what = "DICOM segmentation",
): EdgeError {
  return invalidInput(`Cannot write a ${what}: ${why}.`);
}

/** @throws {EdgeError} for a mask of another size than its image. */
export function requireSizeOf(source: ImageSource, mask: Size): void {
  if (mask.width === source.width && mask.height === source.height) return;
  throw cannotWrite(
    `a mask is ${mask.width}×${mask.height} pixels, its image ${source.width}×${source.height}`,
  );
}
