import { deepEqual } from "node:assert/strict";
import { encodePng } from "../../../../lib/codecs/png/encode.ts";
import { emptyMask } from "../../../../lib/core/mask.ts";
import { obliqueStack, toSlices } from "../../../support/dicom_slices.ts";
import {
  checkContours,
  dicomPython,
  validate,
} from "../../../support/independent_dicom.ts";
import { hardMasks, writeMasksOn } from "../../../support/structure_masks.ts";

const masks = Object.values(hardMasks(64));
masks.push(emptyMask(masks[0]));

Deno.test({
  name: "pydicom and rt-utils read the same masks (needs DICOM_PYTHON)",
  ignore: dicomPython === undefined,
  async fn() {
    const slices = toSlices(masks, {
      ...obliqueStack(masks.length),
      // rt-utils takes the two spacings for one another.
      spacing: "0.7\\0.7",
    });
    await checkContours(
      writeMasksOn(slices, masks, "rtstruct"),
      slices.map((image, i) => ({ image, png: encodePng(masks[i]) })),
    );
  },
});

const [slice] = toSlices(masks.slice(0, 1));
const dciodvfy = await validate(slice) !== null;

Deno.test({
  name: "dciodvfy finds no error in a structure set (needs dicom3tools)",
  ignore: !dciodvfy,
  async fn() {
    const slices = toSlices(masks);
    deepEqual(await validate(writeMasksOn(slices, masks, "rtstruct")), []);
    const none = [emptyMask(masks[0])];
    deepEqual(await validate(writeMasksOn([slice], none, "rtstruct")), []);
  },
});
