import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { emptyMask } from "../../../lib/core/mask.ts";
import { TISSUE } from "../../../lib/dicom/segmentation/segment_description.ts";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { countFrames } from "../../../lib/image/frames.ts";
import {
  MaskGroups,
  placeFrames,
  writeMasks,
} from "../../../lib/format/mask/placed_masks.ts";
import { encodeRle } from "../../../lib/format/mask/rle.ts";
import { toNifti } from "../../support/dicom_files.ts";
import { toSlices } from "../../support/dicom_slices.ts";
import { paint, writeMasksOn } from "../../support/structure_masks.ts";

const SIDE = 16;
const masks = [3, 5, 7].map((radius) =>
  paint(SIDE, (x, y) => Math.hypot(x - 8, y - 8) < radius)
);
const segment = {
  label: "liver",
  category: TISSUE,
  property: TISSUE,
  model: "ab".repeat(32),
};
const limits = { maxPixels: 1e6 };

/** Gathers a mask on each image, in an order of their own. */
function gather(form: "seg" | "rtstruct", images: Uint8Array[]) {
  const groups = new MaskGroups(form);
  for (const [i, bytes] of images.entries()) {
    const frameOf = { name: `${i}.dcm`, id: `${i}`, frame: 0 };
    groups.add(frameOf, placeFrames(bytes, form), encodeRle(masks[i % 3]));
  }
  return groups;
}

Deno.test("images of one stack are one file, in the order in which they lie", async () => {
  const slices = toSlices(masks);
  const order = [2, 0, 1];
  const { groups } = gather("seg", slices);
  equal(groups.length, 1);
  const file = await writeMasks(groups[0], segment, "seg");
  deepEqual(file, writeMasksOn(slices, masks, "seg"));
  const mixed = new MaskGroups("rtstruct");
  for (const i of order) {
    const frameOf = { name: null, id: `${i}`, frame: 0 };
    mixed.add(
      frameOf,
      placeFrames(slices[i], "rtstruct"),
      encodeRle(masks[i]),
    );
  }
  deepEqual(
    await writeMasks(mixed.groups[0], segment, "rtstruct"),
    writeMasksOn(slices, masks, "rtstruct"),
  );
});

Deno.test("a segmentation holds one grid, a structure set any planes of its series", () => {
  const axial = toSlices(masks);
  const tilted = toSlices([...masks, ...masks], {
    orientation: "0\\1\\0\\0\\0\\-1",
  });
  const images = [...axial, ...tilted.slice(3, 5)];
  equal(gather("seg", images).groups.length, 2);
  equal(gather("rtstruct", images).groups.length, 1);
  const elsewhere = toSlices(masks, { frameOfReference: "2.25.9" });
  equal(gather("rtstruct", [...axial, ...elsewhere]).groups.length, 2);
});

Deno.test("a volume has one mask volume; slices without a mask are empty", async () => {
  const grey = masks.map((mask) => ({ ...mask, channels: 1 as const }));
  const volume = toNifti(grey);
  const places = placeFrames(volume, "nifti");
  const groups = new MaskGroups("nifti");
  for (const frame of [2, 0]) {
    const frameOf = { name: "a.nii", id: "a", frame };
    equal(groups.add(frameOf, places, encodeRle(masks[frame])), 0);
  }
  const file = await writeMasks(groups.groups[0], segment, "nifti");
  equal(countFrames(file).count, 3);
  for (
    const [frame, wanted] of [masks[0], emptyMask(masks[0]), masks[2]].entries()
  ) {
    const image = { bytes: volume, frame };
    deepEqual(await decodeMask(file, limits, { image }), wanted);
  }
});

Deno.test("an image that comes twice is refused", () => {
  const [slice] = toSlices(masks);
  throws(() => gather("seg", [slice, slice]), {
    code: "invalid-input",
    message: /came twice/,
  });
});

Deno.test("files of another kind are refused by what they are", () => {
  const [slice] = toSlices(masks);
  const volume = toNifti([{ ...masks[0], channels: 1 }]);
  const refuses = (
    bytes: Uint8Array,
    form: "seg" | "rtstruct" | "nifti",
    message: RegExp,
  ) =>
    throws(() => placeFrames(bytes, form), {
      code: "unsupported-type",
      message,
    });
  refuses(volume, "seg", /DICOM segmentation: .*got application\/x-nifti/);
  refuses(volume, "rtstruct", /an RTSTRUCT: wanted a DICOM image/);
  refuses(slice, "nifti", /wanted a volume .*got application\/dicom/);
});

Deno.test("what would not fit into memory is refused before it is made", async () => {
  const side = 2048;
  const [large] = toSlices([{ ...emptyMask({ width: side, height: side }) }]);
  const places = placeFrames(large, "seg");
  ok(places.kind === "dicom");
  const counts = encodeRle(emptyMask({ width: side, height: side }));
  const images = Array.from({ length: 300 }, () => ({
    source: places.sources[0],
    mask: counts,
  }));
  await rejects(
    writeMasks({ kind: "dicom", name: null, images }, segment, "seg"),
    { code: "too-large", message: /300 frames of 2048×2048/ },
  );
  const dots = paint(1024, (x, y) => (x + y) % 2 === 0);
  const [slice] = toSlices([dots]);
  throws(() => writeMasksOn([slice], [dots], "rtstruct"), {
    code: "too-large",
    message: /524288 pieces/,
  });
  const groups = new MaskGroups("seg");
  const mask = {
    size: [1, 1] as [number, number],
    counts: "0".repeat(2 ** 26),
  };
  const frameOf = { name: null, id: "a", frame: 0 };
  throws(
    () => {
      groups.add(frameOf, places, mask);
      groups.add(frameOf, places, mask);
    },
    { code: "too-large", message: /run lengths/ },
  );
});
