import { type Affine, affineOf, affineOfSizes } from "../volume/affine.ts";
import type { NiftiFields } from "./fields.ts";

/** Millimetres of the units of length by `xyzt_units`, whose lowest three bits name them; unknown ones are taken as mm. */
const MILLIMETRES = new Map([[1, 1000], [3, 0.001]]);

/**
 * Where the voxels lie: by the matrix (`sform`), else by the quaternion (`qform`), nifti1.h methods 3 and 2. Null where
 * the header states neither.
 */
export function affineOfNifti(fields: NiftiFields): Affine | null {
  const stated = fields.matrixCode > 0 ? byMatrix(fields) : null;
  const affine = stated ??
    (fields.quaternionCode > 0 ? byQuaternion(fields) : null);
  return affine && inMillimetres(affine, fields);
}

/** How far apart the voxels lie, by their sizes (`pixdim`), nifti1.h method 1. Null where these are no lengths. */
export function stepsOfNifti(fields: NiftiFields): Affine | null {
  const [, x, y, z] = fields.spacing as [number, number, number, number];
  // A single slice needs no thickness.
  const sizes = [x, y, z > 0 || fields.dim[3]! > 1 ? z : 1];
  if (!sizes.every((size) => size > 0)) return null;
  const affine = affineOfSizes(sizes);
  return affine && inMillimetres(affine, fields);
}

function inMillimetres(affine: Affine, { units }: NiftiFields): Affine {
  const scale = MILLIMETRES.get(units & 7) ?? 1;
  return affine.map((value) => value * scale);
}

function byMatrix({ matrix: m }: NiftiFields): Affine | null {
  const column = (i: number) => [m[i]!, m[i + 4]!, m[i + 8]!];
  return affineOf([column(0), column(1), column(2)], column(3));
}

function byQuaternion({ quaternion, spacing }: NiftiFields): Affine | null {
  let [b, c, d, ...origin] = quaternion as [number, number, number];
  const rest = 1 - (b * b + c * c + d * d);
  const a = rest < 1e-7 ? 0 : Math.sqrt(rest);
  if (a === 0) {
    const length = Math.hypot(b, c, d);
    [b, c, d] = [b / length, c / length, d / length];
  }
  const [turn, ...sizes] = spacing as [number, ...number[]];
  const [x, y, z] = sizes.map((mm) => mm > 0 ? mm : 1);
  const steps = [
    [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
    [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
    [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - c * c - b * b],
  ];
  const lengths = [x!, y!, turn < 0 ? -z! : z!];
  return affineOf(
    steps.map((step, i) => step.map((part) => part * lengths[i]!)),
    origin,
  );
}
