import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { concat } from "../../../lib/core/bytes.ts";
import {
  findLabels,
  type LabelledSlice,
  writeLabels,
} from "../../../lib/format/mask/label_map.ts";
import { encodeRle } from "../../../lib/format/mask/rle.ts";
import { decodePng } from "../../../lib/codecs/png/decode.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { niftiOf } from "../../support/series_bodies.ts";

const [WIDTH, HEIGHT] = [4, 3];
const LIMITS = { maxPixels: 1e6 };
const slice = (...inside: number[]) => {
  const data = new Uint8Array(WIDTH * HEIGHT);
  for (const at of inside) data[at] = 255;
  return { width: WIDTH, height: HEIGHT, data };
};
const rle = (...inside: number[]) => encodeRle(slice(...inside));
const blank = new Uint8Array(WIDTH * HEIGHT);
const volume = niftiOf([blank, blank, blank], WIDTH, HEIGHT);
const slices: LabelledSlice[] = [
  { index: 0, masks: [] },
  {
    index: 1,
    masks: [{ value: 1, rle: rle(0, 1, 2) }, { value: 2, rle: rle(2, 3) }],
  },
];

/** The header of an NRRD file and what follows it. */
function splitNrrd(bytes: Uint8Array) {
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\n\n") + 2;
  return { header: text.slice(0, end), data: bytes.subarray(end) };
}

Deno.test("labels are written on the grid of their volume; where masks overlap, the first stays", async () => {
  const { bytes, labels } = await writeLabels(volume, slices, {
    form: "nifti",
  });
  deepEqual(
    [...bytes.subarray(352)],
    [...blank, 1, 1, 1, 2, ...blank.subarray(4), ...blank],
  );
  deepEqual(labels, [
    { value: 1, voxels: 3, centre: [1, 0, 1] },
    { value: 2, voxels: 1, centre: [3, 0, 1] },
  ]);
  const packed = await writeLabels(volume, slices, { form: "nifti-gzip" });
  deepEqual(new Uint8Array(gunzipSync(packed.bytes)), bytes);
  deepEqual(
    (await findLabels(bytes, volume, LIMITS)).map(({ value, slices }) => [
      value,
      slices,
    ]),
    [[1, [{ index: 1, pixels: 3 }]], [2, [{ index: 1, pixels: 1 }]]],
  );
});

Deno.test("NRRD has 8 or 16 bits, packed or not, and reads back", async () => {
  const raw = await writeLabels(volume, slices, {
    form: "nrrd",
    wide: true,
    packed: false,
  });
  const { header, data } = splitNrrd(raw.bytes);
  match(header, /^NRRD0004\ntype: uint16\ndimension: 3\nsizes: 4 3 3\n/);
  match(header, /\nencoding: raw\n/);
  const values = new Uint16Array(data.slice().buffer);
  deepEqual([...values.subarray(12, 16)], [1, 1, 1, 2]);
  const packed = await writeLabels(volume, slices, { form: "nrrd" });
  const unpacked = gunzipSync(splitNrrd(packed.bytes).data);
  deepEqual([...unpacked.subarray(12, 16)], [1, 1, 1, 2]);
  equal((await findLabels(packed.bytes, volume, LIMITS)).length, 2);
});

Deno.test("labels of a picture are a grey PNG", async () => {
  const picture = encodePng({ ...slice(), channels: 1 });
  const { bytes } = await writeLabels(picture, slices.slice(1), {
    form: "png",
  });
  const { data } = await decodePng(bytes);
  deepEqual([...data.subarray(0, 4)], [1, 1, 1, 2]);
  deepEqual(
    (await findLabels(bytes, picture, LIMITS)).map(({ value }) => value),
    [
      1,
      2,
    ],
  );
  const one = encodePng(slice(1, 2));
  deepEqual(await findLabels(one, picture, LIMITS), [
    { value: null, slices: [{ index: 0, pixels: 2 }] },
  ]);
});

Deno.test("a form that the image cannot have, and a map on another grid, are refused", async () => {
  await rejects(writeLabels(volume, slices, { form: "png" }), {
    code: "not-acceptable",
  });
  const picture = encodePng({ ...slice(), channels: 1 });
  await rejects(writeLabels(picture, slices, { form: "nrrd" }), {
    code: "not-acceptable",
  });
  const wide = {
    ...slice(),
    width: 3,
    height: 4,
  };
  await rejects(
    writeLabels(volume, [{
      index: 0,
      masks: [{ value: 1, rle: encodeRle(wide) }],
    }], { form: "nifti" }),
    { code: "invalid-input" },
  );
  const shorter = niftiOf([blank, blank], WIDTH, HEIGHT);
  await rejects(findLabels(shorter, volume, LIMITS), /4×3×2×1 voxels/);
  const moved = (x: number) => {
    const bytes = concat([volume]);
    const view = new DataView(bytes.buffer);
    view.setInt16(254, 1, true); // sform_code
    for (const [row, at] of [280, 296, 312].entries()) {
      view.setFloat32(at + 4 * row, 1, true);
    }
    view.setFloat32(292, x, true);
    return bytes;
  };
  deepEqual(await findLabels(moved(0), moved(0.05), LIMITS), []);
  await rejects(findLabels(moved(0), moved(0.5), LIMITS), /lie elsewhere/);
});
