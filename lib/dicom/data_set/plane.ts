import type { Dataset } from "./data_set.ts";
import { TAG } from "./tags.ts";

/** Where a frame lies in the patient's frame of reference (PS3.3 §C.7.6.2.1.1). */
export interface Plane {
  /** Image Position (Patient): x, y, z of the first pixel, millimetres. */
  position: readonly number[];
  /** Image Orientation (Patient): the direction cosines of a row, then of a column. */
  orientation: readonly number[];
}

/** Positions closer than this are the same place, millimetres; orientations closer than this are the same. */
const SAME_PLACE = 0.05;

/**
 * The plane of a frame, from 0, or undefined where it is not stated. A place in the data set itself is that of the
 * first frame alone where there are several, and the others may lie anywhere (PS3.3 §C.8.8.3.2).
 */
export function planeOf(dataset: Dataset, frame: number): Plane | undefined {
  const [frames = 1] = dataset.decimals(TAG.frames);
  const place = dataset.group(frame, TAG.planePosition);
  if (place === dataset && frames > 1) return undefined;
  const position = place.decimals(TAG.imagePosition);
  const orientation = dataset.group(frame, TAG.planeOrientation)
    .decimals(TAG.imageOrientation);
  return position.length === 3 && orientation.length === 6
    ? { position, orientation }
    : undefined;
}

/** Whether two planes of one frame of reference start at the same place and face the same way. */
export function isSamePlane(a: Plane, b: Plane): boolean {
  const other = [...b.position, ...b.orientation];
  return [...a.position, ...a.orientation].every((value, i) =>
    Math.abs(value - (other[i] ?? NaN)) < SAME_PLACE
  );
}

/** Millimetres of the plane along its own normal, or null for numbers so large that it is not finite. */
export function alongNormal({ position, orientation }: Plane): number | null {
  const [x = 0, y = 0, z = 0] = position;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  const mm = x * (b * f - c * e) + y * (c * d - a * f) + z * (a * e - b * d);
  return Number.isFinite(mm) ? mm : null;
}
