import { type Dataset, malformed } from "../data_set/data_set.ts";
import {
  coordinateAlong,
  describeTilt,
  dot,
  type Grid,
  PARALLEL,
} from "../data_set/grid.ts";
import { TAG } from "../data_set/tags.ts";
import { readPoints } from "./contour_points.ts";
import { cannotUse } from "./structure_choice.ts";

/** A closed contour of the structure. */
export interface Contour {
  bytes: Uint8Array;
  /** Over the image's plane, millimetres. */
  height: number;
  /** 1 or -1, by the way in which it turns on the image; 0 without a surface. */
  turn: number;
  isXor: boolean;
}

/** Millimetres by which a contour's points may lie over others, besides what parallel planes may: files round to tenths. */
const FLAT = 0.25;

export const cannotDraw = cannotUse("structure set");

/**
 * The closed contours of a structure that have a surface, and how many others there are.
 *
 * @throws {EdgeError} where there are none, or where one is not parallel to the image.
 */
export function closedContours(
  items: Dataset[],
  grid: Grid,
): { contours: Contour[]; skipped: number } {
  const contours: Contour[] = [];
  let skipped = 0;
  for (const item of items) {
    const type = item.text(TAG.contourType);
    if (!/^(|CLOSED_PLANAR|CLOSEDPLANAR_XOR)$/.test(type)) {
      skipped++;
      continue;
    }
    const contour = measure(item, type === "CLOSEDPLANAR_XOR", grid);
    if (contour !== undefined) contours.push(contour);
  }
  if (contours.length > 0) return { contours, skipped };
  throw cannotDraw(
    skipped > 0
      ? "the structure is made of points or open lines, which enclose nothing."
      : "the structure's contours enclose nothing.",
  );
}

/**
 * Reads a contour once; undefined for one of fewer than three points.
 *
 * @throws {EdgeError} where it lacks points, or is not parallel to the image.
 */
function measure(
  item: Dataset,
  isXor: boolean,
  grid: Grid,
): Contour | undefined {
  const bytes = item.bytes(TAG.contourData);
  if (bytes === undefined) return undefined;
  const heightOf = coordinateAlong(grid.normal, grid.origin);
  let [low, high, extent] = [Infinity, -Infinity, 0];
  // Relative to the first point, so that no digits are lost far from the origin.
  let [x0, y0, z0] = [0, 0, 0];
  let [dx, dy, dz] = [0, 0, 0];
  let [nx, ny, nz] = [0, 0, 0];
  const points = readPoints(bytes, (x, y, z) => {
    const height = heightOf(x, y, z);
    if (low === Infinity) [x0, y0, z0] = [x, y, z];
    if (height < low) low = height;
    if (height > high) high = height;
    const [fx, fy, fz] = [dx, dy, dz];
    dx = x - x0;
    dy = y - y0;
    dz = z - z0;
    nx += fy * dz - fz * dy;
    ny += fz * dx - fx * dz;
    nz += fx * dy - fy * dx;
    extent = Math.max(extent, Math.abs(dx), Math.abs(dy), Math.abs(dz));
  });
  const [stated = 0] = item.decimals(TAG.contourPoints);
  if (points < stated) {
    throw malformed(`a contour says ${stated} points, and holds ${points}.`);
  }
  if (points < 3) return undefined;
  if (high - low > FLAT + PARALLEL * extent) {
    throw cannotDraw(
      `its contours are not parallel to the image: they are ${
        describeTilt([nx, ny, nz], grid.normal)
      }.`,
    );
  }
  return {
    bytes,
    height: (low + high) / 2,
    turn: Math.sign(dot([nx, ny, nz], grid.normal)),
    isXor,
  };
}
