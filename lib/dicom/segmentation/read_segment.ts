import { warnOnce } from "../../core/warnings.ts";
import { describeReading, type ReadMask } from "../../core/mask.ts";
import { checkSize, type ImageLimits } from "../../core/raster.ts";
import { type Dataset, malformed } from "../data_set/data_set.ts";
import type { DicomFile } from "../data_set/file.ts";
import { TAG } from "../data_set/tags.ts";
import { LABEL_MAP_STORAGE } from "../data_set/uid.ts";
import { decodeStored } from "../pixels/decode.ts";
import {
  type DicomLayout,
  dicomSize,
  readDicomLayout,
} from "../pixels/layout.ts";
import type { ImageFrame } from "./annotated_image.ts";
import { paint } from "./grid_map.ts";
import { cannotChoose, placeFrames } from "./place_frames.ts";
import { chooseStructure, nameOf, type Structure } from "./structure_choice.ts";

/**
 * The mask of one segment on one image, from a DICOM segmentation (PS3.3 §A.51, §C.8.20): the pixels of the frames
 * that {@linkcode placeFrames} finds for the image, brought onto its grid. Values of fractional segments count from
 * half of their maximum on; of a label map, the pixels of the segment's own number.
 *
 * @param image none where the image is not a DICOM file; then the mask has the size of the segmentation's frames.
 * @throws {EdgeError} `frame-choice` where the segment is not chosen, does not exist, or has no frame for the image.
 */
export async function readSegment(
  file: DicomFile,
  image: ImageFrame | undefined,
  limits: ImageLimits,
  wanted?: string,
): Promise<ReadMask> {
  const { dataset } = file;
  const stored = dicomSize(dataset);
  checkSize(stored, limits);
  refuseTiles(dataset);
  const layout = readDicomLayout(file);
  refusePaddedBits(layout);
  const structures = segmentsOf(dataset);
  const number = chooseStructure(structures, wanted, "segment", cannotChoose);
  const frames = framesOf(layout, number, structures.length);
  if (frames.length === 0) {
    throw cannotChoose(`segment ${number} has no frame at all.`);
  }
  const placed = placeFrames(dataset, frames, stored, image);
  const { isInside, threshold } = readRule(dataset, number);

  const { width, height } = image ?? stored;
  const data = new Uint8Array(width * height);
  let isAnywhere = false;
  const warnings = [...placed.warnings];
  for (const { frame, map } of placed.frames) {
    const { data: values, lossy, doubts } = await decodeStored(layout, frame);
    for (const doubt of doubts) warnOnce(warnings, doubt);
    const inside = isInside(values, lossy);
    isAnywhere ||= inside.includes(1);
    paint(data, { width, height }, map, inside, stored);
  }
  if (!isAnywhere && isLabelMap(dataset)) {
    throw cannotChoose(`segment ${number} has no pixel on this image.`);
  }
  if (isAnywhere && !data.includes(255)) {
    throw cannotChoose(
      `segment ${number} lies in the plane of this image, but outside of its edges.`,
    );
  }
  const mask = { width, height, data };
  const reading = describeReading(mask, "segment", {
    value: number,
    threshold,
  });
  return { mask, reading, warnings };
}

/** The segments that a segmentation describes, without the background of a label map. */
function segmentsOf(dataset: Dataset): Structure[] {
  const terms = dataset.text(TAG.characterSet);
  const all = dataset.items(TAG.segments).flatMap((item) => {
    const number = item.short(TAG.segmentNumber);
    const name = nameOf(item, TAG.segmentLabel, terms);
    return number === undefined ? [] : [{ number, name }];
  });
  if (all.length === 0) throw malformed("it describes no segments.");
  if (!isLabelMap(dataset)) return all;
  const background = dataset.short(TAG.padding) ?? 0;
  const segments = all.filter(({ number }) =>
    number !== 0 && number !== background
  );
  if (segments.length > 0) return segments;
  throw cannotChoose("it describes no segment but the background.");
}

/** Whether the pixels of all segments are in one frame, as their numbers (PS3.3 §C.8.20.2.3). */
function isLabelMap(dataset: Dataset): boolean {
  return dataset.text(TAG.sopClass) === LABEL_MAP_STORAGE ||
    dataset.text(TAG.segmentationType) === "LABELMAP";
}

/** The frames that hold pixels of a segment, from 0. */
function framesOf(
  { dataset, frames }: DicomLayout,
  number: number,
  segments: number,
): number[] {
  const groups = dataset.items(TAG.perFrameGroups).length;
  if (groups > 0 && groups !== frames) {
    throw malformed(
      `it has ${frames} frames, and describes ${groups}; which is which cannot be known.`,
    );
  }
  const all = Array.from({ length: frames }, (_, frame) => frame);
  if (isLabelMap(dataset)) return all;
  return all.filter((frame) => {
    const stated = dataset.group(frame, TAG.segmentIdentification)
      .short(TAG.referencedSegment);
    if (stated === undefined && segments > 1) {
      throw malformed("it has several segments, and a frame of none of them.");
    }
    return stated === undefined || stated === number;
  });
}

/** Which stored values belong to the segment. */
interface Rule {
  /** 1 for every pixel inside, else 0. */
  isInside(values: ArrayLike<number>, lossy: boolean): Uint8Array;
  /** Values from this on belong to it; null where none is cut. */
  threshold: number | null;
}

function readRule(dataset: Dataset, number: number): Rule {
  if (isLabelMap(dataset)) {
    return {
      threshold: null,
      isInside: (values) => between(values, number, number),
    };
  }
  if (dataset.text(TAG.segmentationType) === "FRACTIONAL") {
    const threshold = (dataset.short(TAG.maximumFractional) || 255) / 2;
    return { threshold, isInside: (values) => between(values, threshold) };
  }
  return {
    threshold: null,
    isInside(values, lossy) {
      if (!lossy) requireBinary(values);
      return between(values, lossy ? 128 : 1);
    },
  };
}

/** 1 where a value lies between two others, these included. */
function between(
  values: ArrayLike<number>,
  least: number,
  most = Infinity,
): Uint8Array {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!;
    if (value >= least && value <= most) out[i] = 1;
  }
  return out;
}

/** Refuses a label map that calls itself binary, as all its labels would be taken for one. */
function requireBinary(values: ArrayLike<number>): void {
  let one = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === 0 || value === one) continue;
    if (one !== 0) {
      throw malformed(
        "it says that its segments are binary, and a frame holds several values besides 0.",
      );
    }
    one = value;
  }
}

/** Refuses the tiles of a slide: their frames are parts of one picture, and lie in no patient. */
function refuseTiles(dataset: Dataset): void {
  const { width, height } = dicomSize(dataset);
  const columns = readLong(dataset, TAG.totalColumns) ?? width;
  const rows = readLong(dataset, TAG.totalRows) ?? height;
  if (columns === width && rows === height) return;
  throw cannotChoose(
    "it is cut into tiles, as segmentations of microscope slides are, and these are not read; send the mask as a PNG " +
      "of the image's size.",
  );
}

/** Refuses frames of single bits that begin with a byte each, as they must follow each other (PS3.5 §8.2). */
function refusePaddedBits({ dataset, allocated, ...layout }: DicomLayout) {
  if (allocated > 1 || dataset.fragments(TAG.pixelData)) return;
  const { width, height, frames } = layout;
  const even = (bytes: number) => bytes + bytes % 2;
  const packed = even(Math.ceil(width * height * frames / 8));
  const padded = even(Math.ceil(width * height / 8) * frames);
  const length = even(dataset.bytes(TAG.pixelData)?.length ?? 0);
  if (length === packed || length !== padded) return;
  throw malformed(
    `its frames of ${width}×${height} bits are padded to bytes; the standard packs them without a gap.`,
  );
}

/** A 32-bit unsigned value, or undefined where it is absent. */
function readLong(dataset: Dataset, tag: number): number | undefined {
  const bytes = dataset.bytes(tag);
  if (bytes === undefined || bytes.length < 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset)
    .getUint32(0, dataset.coding.littleEndian);
}
