import type { Size } from "../../core/geometry.ts";
import type { Dataset } from "./data_set.ts";
import { planeOf } from "./plane.ts";
import { TAG } from "./tags.ts";

export type Vector = readonly [x: number, y: number, z: number];

/** Where the pixels of a frame lie in the patient's frame of reference (PS3.3 §C.7.6.2.1.1); millimetres. */
export interface Grid {
  /** Centre of the first pixel. */
  origin: Vector;
  /** Unit vectors: along a row, along a column, and the normal of the plane. */
  row: Vector;
  column: Vector;
  normal: Vector;
  /** From one column to the next, and from one row to the next. */
  columnSpacing: number;
  rowSpacing: number;
  /** What the frame takes of its stack along the normal: slice thickness or spacing, whichever is smaller. */
  thickness: number | undefined;
}

/** Places and distances of patients are smaller, millimetres. */
export const MAX_MM = 1e6;
/** Sine of the angle between planes that count as parallel: 0.1°, or 0.4 mm at the edge of a large picture. */
export const PARALLEL = 0.002;
/** How far direction cosines may be from unit vectors at a right angle; files round them to a few digits. */
const SKEW = 0.01;

/** The grid of a frame, from 0; undefined where the file does not state all of it. */
export function gridOf(dataset: Dataset, frame: number): Grid | undefined {
  const plane = planeOf(dataset, frame);
  const measures = dataset.group(frame, TAG.pixelMeasures);
  const [rowSpacing = 0, columnSpacing = 0] = measures.decimals(
    TAG.pixelSpacing,
  );
  if (
    plane === undefined || !isLength(rowSpacing) || !isLength(columnSpacing)
  ) {
    return undefined;
  }
  const [x, y, z] = plane.position as Vector;
  if (!plane.position.every((mm) => Math.abs(mm) < MAX_MM)) return undefined;
  const [a, b, c, d, e, f] = plane.orientation;
  const row = unit([a!, b!, c!]);
  const column = unit([d!, e!, f!]);
  if (!row || !column || Math.abs(dot(row, column)) > SKEW) return undefined;
  const extents = [
    ...measures.decimals(TAG.sliceThickness),
    ...measures.decimals(TAG.spacingBetweenSlices).map(Math.abs),
  ].filter(isLength);
  return {
    origin: [x, y, z],
    row,
    column,
    normal: cross(row, column),
    columnSpacing,
    rowSpacing,
    thickness: extents.length === 0 ? undefined : Math.min(...extents),
  };
}

/** The centre of a picture. */
export function centreOf(grid: Grid, { width, height }: Size): Vector {
  const x = (width - 1) / 2 * grid.columnSpacing;
  const y = (height - 1) / 2 * grid.rowSpacing;
  return grid.origin.map((mm, i) =>
    mm + x * grid.row[i]! + y * grid.column[i]!
  ) as unknown as Vector;
}

/** The coordinate of a point along an axis, from an origin on, in units of a spacing. */
export function coordinateAlong(
  [a, b, c]: Vector,
  origin: Vector,
  spacing = 1,
): (...point: Vector) => number {
  const from = dot([a, b, c], origin);
  return (x, y, z) => (a * x + b * y + c * z - from) / spacing;
}

/** Whether two grids lie in parallel planes, whichever way these face. */
export function areParallel(a: Grid, b: Grid): boolean {
  return length(cross(a.normal, b.normal)) < PARALLEL;
}

/**
 * How a plane that is not parallel to the image lies to it, in words.
 *
 * @param normal of the plane, of any length.
 * @param imageNormal of the image, of length 1.
 */
export function describeTilt(normal: Vector, imageNormal: Vector): string {
  const [own, wanted] = [facing(normal), facing(imageNormal)];
  if (own !== wanted) return `${own}, and the image is ${wanted}`;
  const cosine = Math.abs(dot(normal, imageNormal)) / length(normal);
  const degrees = Math.acos(Math.min(cosine, 1)) * 180 / Math.PI;
  return `tilted against it by ${degrees.toFixed(1)}°`;
}

/** The name of the nearest plane of the body. */
function facing(normal: Vector): "sagittal" | "coronal" | "axial" {
  const [x, y, z] = normal.map(Math.abs) as unknown as Vector;
  return x > y && x > z ? "sagittal" : y > z ? "coronal" : "axial";
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function difference(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function cross([a, b, c]: Vector, [d, e, f]: Vector): Vector {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

const length = (v: Vector) => Math.hypot(...v);

/** A vector of length 1, or undefined where its length is not near that. */
function unit(v: Vector): Vector | undefined {
  const l = length(v);
  if (!(Math.abs(l - 1) < SKEW)) return undefined;
  return [v[0] / l, v[1] / l, v[2] / l];
}

function isLength(mm: number): boolean {
  return mm > 0 && mm < MAX_MM;
}
