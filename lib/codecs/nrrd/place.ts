import { across, type Affine, affineOf, turnAxes } from "../volume/affine.ts";
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

/** The steps of `space directions`, one for each axis: three millimetres, or null for `none`. */
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

/** Three numbers in brackets; those of a space with time have a fourth, which is left out. */
function vector(text: string): number[] {
  const [x = NaN, y = NaN, z = NaN] = numbers(text.replace(/[()]/g, ""));
  return [x, y, z];
}
