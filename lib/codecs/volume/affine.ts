/**
 * Where the voxels of a volume lie: a 3×4 matrix, row-major, that takes the index (i, j, k, 1) of a voxel's centre to
 * millimetres to the patient's right, front and head (RAS+).
 */
export type Affine = readonly number[];

type Vector = readonly number[];

/** The matrix of the steps along i, j and k, and of the first voxel's place; null where it places nothing. */
export function affineOf(steps: Vector[], origin: Vector): Affine | null {
  const out = [0, 1, 2].flatMap((row) => [
    ...steps.map((step) => step[row]!),
    origin[row]!,
  ]);
  const volume = determinant(out);
  return Number.isFinite(volume) && volume !== 0 && out.every(Number.isFinite)
    ? out
    : null;
}

/** The matrix of voxels of these sizes whose place is not known: the first one lies at 0. */
export const affineOfSizes = ([x, y, z]: Vector): Affine | null =>
  affineOf([[x!, 0, 0], [0, y!, 0], [0, 0, z!]], [0, 0, 0]);

/** The same place where the axes of the patient point the other way: left and back, in place of right and front. */
export function turnAxes(affine: Affine, [x, y, z]: Vector): Affine {
  const signs = [x!, y!, z!];
  return affine.map((value, i) => value === 0 ? 0 : value * signs[i >> 2]!);
}

/** A step across the plane of two steps, one millimetre long, for pictures that are no stack. */
export function across([ax, ay, az]: Vector, [bx, by, bz]: Vector): Vector {
  const normal = [
    ay! * bz! - az! * by!,
    az! * bx! - ax! * bz!,
    ax! * by! - ay! * bx!,
  ];
  const length = Math.hypot(...normal);
  return normal.map((part) => part / length);
}

function determinant(m: Affine): number {
  const [a, b, c, , d, e, f, , g, h, i] = m as number[];
  return a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) +
    c! * (d! * h! - e! * g!);
}
