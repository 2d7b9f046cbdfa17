import assert from "node:assert/strict";
import { emptyMask, type Mask } from "../../../lib/core/mask.ts";
import { readDicom } from "../../../lib/dicom/data_set/file.ts";
import { TAG } from "../../../lib/dicom/data_set/tags.ts";
import { nameOf } from "../../../lib/dicom/segmentation/structure_choice.ts";
import { joinHoles } from "../../../lib/dicom/structure_set/join_holes.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { outline } from "../../../lib/format/mask/polygons.ts";
import { maskRuns } from "../../../lib/format/mask/runs.ts";
import { readMask } from "../../../lib/image/decode_mask.ts";
import { obliqueStack, toSlices } from "../../support/dicom_slices.ts";
import {
  hardMasks,
  paint,
  writeMasksOn,
} from "../../support/structure_masks.ts";

const limits = { maxPixels: 1_000_000 };
const SIDE = 32;
const masks = Object.values(hardMasks(SIDE));

/** Planes of the body and between them, some with a grid of other spacings and far from the origin. */
const STACKS = {
  axial: {},
  sagittal: {
    orientation: "0\\1\\0\\0\\0\\-1",
    positions: masks.map((_, i) => `${-30 + 3 * i}\\-120.125\\999.9375`),
  },
  oblique: obliqueStack(masks.length),
  fine: { spacing: "0.00025\\0.0005" },
  coarse: { spacing: "12\\7.5" },
};

Deno.test("contours written are the masks when they are read again, in any plane", async (t) => {
  for (const [name, stack] of Object.entries(STACKS)) {
    await t.step(name, async () => {
      const slices = toSlices(masks, stack);
      const file = writeMasksOn(slices, masks, "rtstruct");
      for (const [i, bytes] of slices.entries()) {
        const { mask, warnings } = await readMask(file, limits, {
          image: { bytes },
        });
        assert.deepEqual(mask, masks[i]);
        assert.deepEqual(warnings, []);
      }
    });
  }
});

const slices = toSlices(masks);

/** The items of the contours of a file's structure. */
const contoursOf = (file: Uint8Array) =>
  readDicom(file).dataset.item(TAG.structureContours)!.items(TAG.contours);

Deno.test("a hole is a channel in its contour: every piece has one contour", () => {
  const { "holes one below the other": mask, ...rest } = hardMasks(SIDE);
  const rings = outline(maskRuns(mask!));
  assert.equal(rings.length, 5);
  assert.equal(joinHoles(rings).length, 1);
  const island = outline(maskRuns(rest["a ring with an island"]!));
  assert.equal(island.length, 3);
  assert.equal(joinHoles(island).length, 2);
});

Deno.test("contours keep inside of the structure's pixels, also where readers round their points", () => {
  for (const mask of masks) {
    for (const contour of joinHoles(outline(maskRuns(mask)))) {
      for (const [x, y] of contour) {
        // The centre of pixel (0, 0) lies at a half.
        const at = Math.round(y - 0.5) * SIDE + Math.round(x - 0.5);
        assert.equal(mask.data[at], 255);
      }
    }
  }
});

Deno.test("a column of a thousand holes is one contour", () => {
  const mask = paint(3, () => true);
  const height = 2001;
  const data = new Uint8Array(3 * height).fill(255);
  for (let y = 1; y < height; y += 2) data[3 * y + 1] = 0;
  const [contour, ...more] = joinHoles(
    outline(maskRuns({ ...mask, height, data })),
  );
  assert.equal(more.length, 0);
  assert.ok(contour!.length > 4000);
});

Deno.test("a structure set belongs to the patient and refers to every image; an absent structure has no contour", () => {
  const three: Mask[] = [masks[0]!, emptyMask(masks[0]!), masks[5]!];
  const three_slices = slices.slice(0, 3);
  const label = "Lésion of the right adrenal gland";
  const file = writeMasksOn(three_slices, three, "rtstruct", label);
  const { dataset } = readDicom(file);
  const first = readDicom(slices[0]!).dataset;
  for (
    const tag of [
      TAG.patientId,
      TAG.patientName,
      TAG.studyInstance,
      TAG.studyDate,
    ]
  ) {
    assert.equal(dataset.text(tag), first.text(tag));
  }
  assert.equal(nameOf(dataset, TAG.structureSetLabel), "Lésion of the ri");
  assert.equal(dataset.text(TAG.structureSetDate), "20200102");
  const structure = dataset.item(TAG.structures)!;
  assert.equal(
    nameOf(structure, TAG.structureName),
    "Lésion of the right adrenal gland",
  );
  assert.equal(
    structure.text(TAG.structureFrameOfReference),
    first.text(TAG.frameOfReference),
  );
  assert.equal(structure.text(TAG.generationAlgorithm), "SEMIAUTOMATIC");
  const study = dataset.item(TAG.framesOfReference)!
    .item(TAG.referencedStudies)!;
  assert.equal(
    study.text(TAG.referencedInstance),
    first.text(TAG.studyInstance),
  );
  const series = study.item(TAG.referencedRtSeries)!;
  assert.equal(
    series.text(TAG.seriesInstance),
    first.text(TAG.seriesInstance),
  );
  const instances = three_slices.map((bytes) =>
    readDicom(bytes).dataset.text(TAG.sopInstance)
  );
  const refersTo = (item: ReturnType<typeof contoursOf>[0]) =>
    item.items(TAG.contourImages).map((one) =>
      one.text(TAG.referencedInstance)
    );
  assert.deepEqual(refersTo(series), instances);
  assert.deepEqual(
    new Set(contoursOf(file).flatMap(refersTo)),
    new Set([instances[0], instances[2]]),
  );
  assert.equal(
    dataset.item(TAG.structureContours)!.text(TAG.displayColour).split("\\")
      .length,
    3,
  );
  const nothing = [emptyMask(masks[0]!)];
  const absent = writeMasksOn([slices[0]!], nothing, "rtstruct");
  assert.equal(
    readDicom(absent).dataset.item(TAG.structureContours)!.has(TAG.contours),
    false,
  );
});

Deno.test("equal input gives an equal structure set; another mask, image, name or model another instance", () => {
  const write = (
    i: number,
    mask: Mask,
    ...more: [label?: string, model?: string | null]
  ) => writeMasksOn([slices[i]!], [mask], "rtstruct", ...more);
  const [a, b] = masks as [Mask, Mask];
  assert.deepEqual(write(0, a), write(0, a));
  const instances = [
    write(0, a),
    write(0, b),
    write(1, a),
    write(0, a, "other"),
    write(0, a, "liver", null),
    writeMasksOn([slices[0]!], [a], "seg"),
  ].map((file) => readDicom(file).dataset.text(TAG.sopInstance));
  assert.equal(new Set(instances).size, instances.length);
});

Deno.test("a contour longer than a decimal string with its representation may be is written", async () => {
  const { "dense noise": noise } = hardMasks(128);
  const [slice] = toSlices([noise!]);
  const file = writeMasksOn([slice!], [noise!], "rtstruct");
  const lengths = contoursOf(file).map((contour) =>
    contour.bytes(TAG.contourData)!.length
  );
  assert.ok(Math.max(...lengths) > 2 ** 16);
  const { mask } = await readMask(file, limits, { image: { bytes: slice! } });
  assert.deepEqual(mask, noise);
});

Deno.test("images without a place, or of several spaces, have no structure set", () => {
  const refuses = (images: Uint8Array[], message: RegExp) =>
    assert.throws(
      () => writeMasksOn(images, masks, "rtstruct"),
      (error) =>
        error instanceof EdgeError && error.code === "invalid-input" &&
        message.test(error.message),
    );
  const one = masks.slice(0, 1);
  refuses(toSlices(one, { frameOfReference: null }), /does not state/);
  refuses(toSlices(one, { spacing: "0\\1" }), /does not state/);
  const [first] = slices;
  for (const other of [{ series: "2.25.9" }, { frameOfReference: "2.25.8" }]) {
    refuses([first!, ...toSlices(one, other)], /one series and frame/);
  }
  refuses([], /no images/);
});
