import type { Affine } from "../codecs/volume/affine.ts";

/** Indices of a volume as linear functions of the columns and rows of a plane: `origin + x · column + y · row`. */
export interface PlaneIndices {
  origin: readonly number[];
  column: readonly number[];
  row: readonly number[];
}

/** Where the pixels of a picture lie: the first one, and the steps to the next column and row; millimetres, RAS+. */
export interface PicturePlane {
  origin: readonly number[];
  column: readonly number[];
  row: readonly number[];
}

/** The steps along the three axes of a volume, and the place of its first voxel; millimetres, RAS+. */
export function axesOf(affine: Affine): number[][] {
  return [0, 1, 2, 3].map((i) => [affine[i]!, affine[i + 4]!, affine[i + 8]!]);
}

/** The indices of a volume at the pixels of a picture. */
export function indicesOn(
  affine: Affine,
  { origin, column, row }: PicturePlane,
): PlaneIndices {
  const inverse = inverseOf(affine);
  const turn = (v: readonly number[]) =>
    [0, 3, 6].map((i) =>
      inverse[i]! * v[0]! + inverse[i + 1]! * v[1]! + inverse[i + 2]! * v[2]!
    );
  const start = axesOf(affine)[3]!;
  return {
    origin: turn(origin.map((mm, i) => mm - start[i]!)),
    column: turn(column),
    row: turn(row),
  };
}

/** The inverse of the 3×3 part, row-major. */
function inverseOf(m: Affine): number[] {
  const [a, b, c, , d, e, f, , g, h, i] = m as number[];
  const adjugate = [
    e! * i! - f! * h!,
    c! * h! - b! * i!,
    b! * f! - c! * e!,
    f! * g! - d! * i!,
    a! * i! - c! * g!,
    c! * d! - a! * f!,
    d! * h! - e! * g!,
    b! * g! - a! * h!,
    a! * e! - b! * d!,
  ];
  const determinant = a! * adjugate[0]! + b! * adjugate[3]! + c! * adjugate[6]!;
  return adjugate.map((value) => value / determinant);
}

/** Where the axes of the patient point, and away from it. */
const NAMES = [["right", "left"], ["anterior", "posterior"], [
  "superior",
  "inferior",
]];

/** Spacing and directions of axes in words: "1×1×2.5 mm, left-posterior-superior". */
export function describeAxes(axes: (readonly number[])[]): string {
  const spacing = axes.map((axis) =>
    Number(Math.hypot(...axis).toPrecision(4))
  );
  let isTilted = false;
  const directions = axes.map((axis) => {
    const sizes = axis.map(Math.abs);
    const most = sizes.indexOf(Math.max(...sizes));
    isTilted ||= sizes.some((size, i) =>
      i !== most && size > sizes[most]! / 50
    );
    return NAMES[most]?.[axis[most]! < 0 ? 1 : 0] ?? "nowhere";
  });
  const tilted = isTilted ? ", tilted" : "";
  return `${spacing.join("×")} mm, ${directions.join("-")}${tilted}`;
}
