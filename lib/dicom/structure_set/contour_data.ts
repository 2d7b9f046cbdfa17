import type { Grid } from "../data_set/grid.ts";
import type { Ring } from "./join_holes.ts";

/** Decimals that always fit into the 16 characters of a decimal string, with a sign and six digits before (PS3.5 §6.2). */
const MAX_DECIMALS = 8;
/** Parts of a pixel to which points are written. */
const PARTS = 1000;

/**
 * The points of a contour as x\y\z\x\y\z…, millimetres in the patient's frame of reference (PS3.3 §C.8.8.6), to a
 * thousandth of a pixel.
 *
 * @param contour in pixels, where pixel (x, y) covers [x, x + 1] × [y, y + 1]; the grid's are counted from their centres.
 */
export function contourData(
  contour: Ring,
  { origin, row, column, columnSpacing, rowSpacing }: Grid,
): string {
  const least = Math.min(columnSpacing, rowSpacing) / PARTS;
  const decimals = Math.min(
    Math.max(Math.ceil(-Math.log10(least)), 0),
    MAX_DECIMALS,
  );
  const numbers: string[] = [];
  for (const [x, y] of contour) {
    const along = (x - 0.5) * columnSpacing;
    const down = (y - 0.5) * rowSpacing;
    for (const i of [0, 1, 2] as const) {
      const mm = origin[i] + along * row[i] + down * column[i];
      numbers.push(String(Number(mm.toFixed(decimals))));
    }
  }
  return numbers.join("\\");
}
