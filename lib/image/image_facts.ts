import { createHash } from "node:crypto";
import type { VolumeHeader } from "../codecs/volume/header.ts";
import { requireFrame } from "../core/frames.ts";
import type { Size } from "../core/geometry.ts";
import { checkSize } from "../core/raster.ts";
import { acquisitionTime } from "../dicom/data_set/acquisition_time.ts";
import type { Dataset } from "../dicom/data_set/data_set.ts";
import { readDicom } from "../dicom/data_set/file.ts";
import { alongNormal, planeOf } from "../dicom/data_set/plane.ts";
import { TAG } from "../dicom/data_set/tags.ts";
import { requirePicture } from "../dicom/pixels/no_picture.ts";
import { readUprightSize } from "./decode.ts";
import { exifTime } from "./exif_time.ts";
import { countFrames } from "./frames.ts";
import { FORMATS } from "./formats.ts";
import { axesOf } from "./grid_axes.ts";
import { type ImageType, openImage } from "./media_type.ts";

/** What the headers of an image file say of one of its frames. */
export interface ImageFacts extends Size {
  format: ImageType;
  frames: number;
  /** From one column, row and slice to the next, millimetres; `z` is null for a picture that is in no stack. */
  spacing: { x: number; y: number; z: number | null } | null;
  /** Where it lies along the normal of its plane, millimetres; places of one series, or one file, can be compared. */
  slice: number | null;
  /** The same of every frame of a file of several; null for other files, and where no frame's place is stated. */
  slices: (number | null)[] | null;
  /** ISO 8601, without a zone where the file states none, a date alone where it states no time. */
  acquiredAt: string | null;
  /** A digest that parallel images of one series have in common. */
  series: string | null;
}

/** Largest difference between the steps of a stack of equal steps, relative. */
const SAME_STEP = 0.01;
/** Places closer than this are one place, millimetres. */
const SAME_PLACE = 0.001;
/** Distances of patients are smaller, millimetres. */
const MAX_MM = 1e6;

const UNKNOWN = {
  spacing: null,
  slice: null,
  slices: null,
  acquiredAt: null,
  series: null,
};

type Vector = readonly [x: number, y: number, z: number];

/**
 * Reads the headers of an image file; decodes no pixels, so it also tells the size of an image that is too large.
 *
 * @param frame from 0.
 * @throws {EdgeError} for what is no image, or one whose headers cannot be read.
 */
export function readImageFacts(file: Uint8Array, frame = 0): ImageFacts {
  const { type, bytes } = openImage(file);
  const { count: frames } = countFrames(bytes);
  requireFrame(frame, frames);
  const { width, height } = readUprightSize(bytes, frame);
  checkSize({ width, height }, { maxPixels: Infinity });
  const known = { format: type, width, height, frames };
  const header = FORMATS[type].volume?.(bytes);
  if (header !== undefined) return { ...known, ...placeOfSlice(header, frame) };
  if (type !== "application/dicom") {
    const acquiredAt = exifTime(bytes, type);
    return { ...known, ...UNKNOWN, acquiredAt };
  }
  const { dataset } = readDicom(bytes);
  requirePicture(dataset);
  const plane = planeOf(dataset, frame);
  const places = Array.from({ length: frames }, (_, i) => {
    const plane = planeOf(dataset, i);
    return plane ? alongNormal(plane) : null;
  });
  return {
    ...known,
    spacing: spacingOf(dataset, frame, frames),
    slice: places[frame]!,
    slices: listed(places),
    acquiredAt: acquisitionTime(dataset, frame),
    series: seriesOf(dataset, plane?.orientation as number[] | undefined),
  };
}

function placeOfSlice(
  { affine, steps, slices, volumes }: VolumeHeader,
  frame: number,
) {
  const known = affine ?? steps;
  if (known === null) return UNKNOWN;
  const [x, y, z, origin] = axesOf(known) as unknown as Vector[];
  const normal = normalOf(x!, y!);
  // Slices count along the third axis, so the normal does.
  const step = dot(normal, z!);
  const first = Math.sign(step) * dot(normal, origin!);
  const places = Array.from(
    { length: slices * volumes },
    (_, i) => first + i % slices * Math.abs(step),
  );
  return {
    ...UNKNOWN,
    spacing: {
      x: Math.hypot(...x!),
      y: Math.hypot(...y!),
      z: slices > 1 ? Math.abs(step) : null,
    },
    // In a space of the file's own, only the places of its slices can be compared.
    slice: affine === null && places.length === 1 ? null : places[frame]!,
    slices: listed(places),
  };
}

const listed = (places: (number | null)[]) =>
  places.length > 1 && places.some((mm) => mm !== null) ? places : null;

/** Of a projection, too, whose spacing is stated where it was calibrated. */
function spacingOf(
  dataset: Dataset,
  frame: number,
  frames: number,
): ImageFacts["spacing"] {
  const measures = dataset.group(frame, TAG.pixelMeasures);
  const [y = 0, x = 0] = measures.decimals(TAG.pixelSpacing);
  if (!isLength(x) || !isLength(y)) return null;
  return { x, y, z: frames > 1 ? stepOf(dataset, frames) : null };
}

/** The equal steps of a stack's planes; where these are not stated, the step that the file states. */
function stepOf(dataset: Dataset, frames: number): number | null {
  const planes = Array.from({ length: frames }, (_, i) => planeOf(dataset, i));
  const known = planes.filter((plane) => plane !== undefined);
  if (known.length === 0) {
    const [stated = 0] = dataset.group(0, TAG.pixelMeasures)
      .decimals(TAG.spacingBetweenSlices);
    return isLength(stated) ? stated : null;
  }
  const [first] = known;
  const { orientation } = first!;
  const isStack = known.length === frames &&
    known.every((plane) =>
      plane.orientation.every((cosine, i) =>
        Math.abs(cosine - orientation[i]!) < SAME_PLACE
      )
    );
  if (!isStack) return null;
  const places = known.map((plane) => alongNormal(plane) ?? NaN)
    .sort((a, b) => a - b);
  const steps = places.slice(1).map((mm, i) => mm - places[i]!)
    .filter((step) => !(step < SAME_PLACE));
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  const isEqual = steps.every((step) =>
    Math.abs(step - mean) <= SAME_STEP * mean
  );
  return isLength(mean) && isEqual ? mean : null;
}

/** The direction counts: places along different normals cannot be compared. Cosines of one stack differ by rounding. */
function seriesOf(
  dataset: Dataset,
  orientation: number[] | undefined,
): string | null {
  const series = dataset.text(TAG.seriesInstance);
  if (series === "") return null;
  // Shifted, so that the common cosines lie far from where the rounding turns.
  const direction = orientation?.map((cosine) =>
    Math.floor(cosine * 100 + 0.7)
  );
  const identity = [series, dataset.text(TAG.frameOfReference), direction];
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex");
}

function normalOf([a, b, c]: Vector, [d, e, f]: Vector): Vector {
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  const length = Math.hypot(...normal);
  return normal.map((part) => part / length) as unknown as Vector;
}

const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

const isLength = (mm: number) => mm > 0 && mm < MAX_MM;
