import type { NiftiLayout } from "./fields.ts";

/** NIfTI-2, nifti2.h. */
export const NIFTI_2: NiftiLayout = {
  magic: "n+2\0\r\n\x1a\n",
  pairMagic: "ni2\0\r\n\x1a\n",
  length: 540,
  magicAt: 4,
  fields: {
    datatype: [12, "int16"],
    dim: [16, "int64", 8],
    spacing: [104, "float64", 8],
    offset: [168, "int64"],
    slope: [176, "float64"],
    intercept: [184, "float64"],
    high: [192, "float64"],
    low: [200, "float64"],
    quaternionCode: [344, "int32"],
    matrixCode: [348, "int32"],
    quaternion: [352, "float64", 6],
    matrix: [400, "float64", 12],
    units: [500, "int32"],
    intent: [504, "int32"],
  },
  texts: [
    [80, 104], // intent_p1 to p3
    [240, 344], // descrip, aux_file
    [508, 524], // intent_name
    [525, 540], // unused_str
  ],
  descriptionAt: 240,
  bitsAt: 14,
};
