import type { NiftiLayout } from "./fields.ts";

/** NIfTI-1.1, nifti1.h. */
export const NIFTI_1: NiftiLayout = {
  magic: "n+1\0",
  pairMagic: "ni1\0",
  length: 348,
  magicAt: 344,
  fields: {
    dim: [40, "int16", 8],
    intent: [68, "int16"],
    datatype: [70, "int16"],
    spacing: [76, "float32", 8],
    offset: [108, "float32"],
    slope: [112, "float32"],
    intercept: [116, "float32"],
    units: [123, "int8"],
    high: [124, "float32"],
    low: [128, "float32"],
    quaternionCode: [252, "int16"],
    matrixCode: [254, "int16"],
    quaternion: [256, "float32", 6],
    matrix: [280, "float32", 12],
  },
  texts: [
    [4, 32], // data_type, db_name
    [56, 68], // intent_p1 to p3
    [140, 148], // glmax, glmin
    [148, 252], // descrip, aux_file
    [328, 344], // intent_name
  ],
  descriptionAt: 148,
  bitsAt: 72,
};
