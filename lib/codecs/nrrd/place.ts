import {
  across,
  type Affine,
  affineOf,
  affineOfSizes,
  turnAxes,
} from "../volume/affine.ts";
import { numbers } from "../volume/text_header.ts";

/** The signs that turn the axes of a space into right, front and head. */
const SPACES = new Map([
  ["right-anterior-superior", [1, 1, 1]],
  ["left-anterior-superior", [-1, 1, 1]],
  ["left-posterior-superior", [-1, -1, 1]],
  ["ras", [1, 1, 1]],
  ["las", [-1, 1, 1]],
  ["lps", [-1, -1, 1]],
]);

/** The steps of `space directions`, one for each axis: millimetres along each axis of the space, or null for `none`. */
export function directionsOf(
  text: string | undefined,
): (number[] | null)[] | undefined {
  return text?.match(/none|\([^()]*\)/gi)?.map((step) =>
    step.startsWith("(") ? vector(step) : null
  );
}

/**
 * Where the voxels lie: `space directions` and `space origin` in the patient's space. Null where the space is another
 * one or is not stated.
 *
 * @param steps along the columns, the rows and, of a stack, the slices.
 */
export function affineOfNrrd(
  space: string | undefined,
  steps: (number[] | null | undefined)[],
  origin: string | undefined,
): Affine | null {
  const signs = SPACES.get(
    (space ?? "").toLowerCase().replace(/-time$|(?<=^...)t$/, ""),
  );
  const [x, y, z] = steps;
  if (signs === undefined || !x || !y) return null;
  const first = origin === undefined ? [0, 0, 0] : vector(origin);
  const affine = affineOf([x, y, z ?? across(x, y)], first);
  return affine && turnAxes(affine, signs);
}

/**
 * How far apart the voxels lie, in whatever space: the lengths of the directions, else the `spacings`. Null where either
 * is not stated, or where its unit is another one than the millimetre.
 *
 * @param axes those of the columns, the rows and, of a stack, the slices.
 */
export function stepsOfNrrd(
  fields: Map<string, string>,
  directions: (number[] | null)[] | undefined,
  axes: (number | undefined)[],
): Affine | null {
  const spacings = numbers(fields.get("spacings") ?? "");
  const units = (fields.get("units") ?? "").match(/"[^"]*"/g) ?? [];
  return affineOfSizes(axes.map((axis) => {
    if (axis === undefined) return 1;
    const direction = directions?.[axis];
    if (direction) return Math.hypot(...direction);
    const isKnown = /^"(mm)?"$/.test(units[axis] ?? '""');
    return isKnown ? Math.abs(spacings[axis] ?? NaN) : NaN;
  }));
}

/** Numbers in brackets; those of a space with time have a fourth, which is left out. */
const vector = (text: string) => numbers(text.replace(/[()]/g, "")).slice(0, 3);
