import type { Size } from "../../core/geometry.ts";
import { difference, dot, type Grid, type Vector } from "../data_set/grid.ts";

/**
 * Where the pixels of one grid lie on another, in pixels whose centres have whole numbers: column
 * `x0 + x·xx + y·xy` and row `y0 + x·yx + y·yy` of the other.
 */
export interface GridMap {
  x0: number;
  xx: number;
  xy: number;
  y0: number;
  yx: number;
  yy: number;
}

/** Each pixel lies on the one of the same place. */
export const SAME_GRID: GridMap = { x0: 0, xx: 1, xy: 0, y0: 0, yx: 0, yy: 1 };

/** Pixels of two grids that lie closer than this are the same, in pixels. */
const SAME_PIXEL = 0.1;

/** Halves are rounded up, also where arithmetic left them a little smaller. */
const HALF = 0.5 + 1e-6;

/** Maps the pixels of a grid to those of another in a parallel plane. */
export function mapGrid(from: Grid, to: Grid): GridMap {
  const along = (v: Vector) =>
    [
      dot(v, to.row) / to.columnSpacing,
      dot(v, to.column) / to.rowSpacing,
    ] as const;
  const [x0, y0] = along(difference(from.origin, to.origin));
  const [xx, yx] = along(from.row).map((v) => v * from.columnSpacing);
  const [xy, yy] = along(from.column).map((v) => v * from.rowSpacing);
  return { x0, xx: xx!, xy: xy!, y0, yx: yx!, yy: yy! };
}

/** Whether every pixel of a picture lies on one of the other grid: mirrored, turned or moved by whole pixels at most. */
export function isExact(map: GridMap, { width, height }: Size): boolean {
  const near = (value: number, wanted: number, tolerance = SAME_PIXEL) =>
    Math.abs(value - wanted) < tolerance;
  const steps = [
    [map.xx, map.yx, width],
    [map.xy, map.yy, height],
  ] as const;
  return near(map.x0, Math.round(map.x0)) && near(map.y0, Math.round(map.y0)) &&
    steps.every(([a, b, count]) => {
      const tolerance = SAME_PIXEL / count;
      const [big, small] = [Math.abs(a), Math.abs(b)].sort((p, q) => q - p);
      return near(big!, 1, tolerance) && near(small!, 0, tolerance);
    });
}

/**
 * Paints on a mask the pixels whose nearest neighbours on another grid belong to the structure.
 *
 * @param mask height × width of `size`, 0 or 255, to which pixels are added.
 * @param inside of the other grid: not 0 where the structure is.
 */
export function paint(
  mask: Uint8Array,
  { width, height }: Size,
  map: GridMap,
  inside: Uint8Array,
  other: Size,
): void {
  for (let y = 0, at = 0; y < height; y++) {
    const columns = map.x0 + y * map.xy + HALF;
    const rows = map.y0 + y * map.yy + HALF;
    for (let x = 0; x < width; x++, at++) {
      const column = Math.floor(columns + x * map.xx);
      const row = Math.floor(rows + x * map.yx);
      if (
        column >= 0 && column < other.width && row >= 0 && row < other.height &&
        inside[row * other.width + column] !== 0
      ) mask[at] = 255;
    }
  }
}
