import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { readNiftiHeader } from "../../../../lib/codecs/nifti/header.ts";
import { writeMaskVolume } from "../../../../lib/codecs/nifti/write_mask.ts";
import { encodePng } from "../../../../lib/codecs/png/encode.ts";
import { decodeMask } from "../../../../lib/image/decode_mask.ts";
import { countFrames } from "../../../../lib/image/frames.ts";
import type { Mask } from "../../../../lib/core/mask.ts";
import {
  checkByNibabel,
  dicomPython,
} from "../../../support/independent_dicom.ts";
import { fixture } from "../../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };
const SOURCES = [
  "nifti-volume.nii",
  "nifti-volume.nii.gz",
  "nifti-big-endian.nii",
  "nifti-series.nii",
  "nifti-2.nii",
  "nifti-2-big-endian.nii.gz",
];

function bar(column: number, width = 19): Mask {
  const data = new Uint8Array(width * 13);
  for (let y = 2; y < 9; y++) data[y * width + column] = 255;
  return { width, height: 13, data };
}

const masks = [{ index: 1, mask: bar(4) }, { index: 3, mask: bar(11) }];

Deno.test("a mask volume has the slices of its source, and the masks in theirs", async () => {
  for (const name of SOURCES) {
    const { bytes } = fixture(name);
    const volume = await writeMaskVolume(readNiftiHeader(bytes), masks);
    assert.deepEqual(
      await writeMaskVolume(readNiftiHeader(bytes), masks),
      volume,
    );
    assert.equal(countFrames(volume).count, 4);
    for (let frame = 0; frame < 4; frame++) {
      const image = { bytes, frame };
      const mask = await decodeMask(volume, limits, { image });
      const wanted = masks.find(({ index }) => index === frame)?.mask.data ??
        new Uint8Array(19 * 13);
      assert.deepEqual(mask.data, wanted, `${name} ${frame}`);
    }
  }
});

Deno.test("free text of the source's header does not come out", async () => {
  const bytes = fixture("nifti-volume.nii").bytes.slice();
  for (const at of [4, 14, 148, 228, 328]) {
    bytes.set(new TextEncoder().encode("Doe"), at);
  }
  const volume = gunzipSync(
    await writeMaskVolume(readNiftiHeader(bytes), masks),
  );
  assert.ok(!new TextDecoder("latin1").decode(volume).includes("Doe"));
});

Deno.test("masks of other sizes, unknown slices or another order are refused", async () => {
  const { bytes } = fixture("nifti-volume.nii.gz");
  for (
    const wrong of [
      [{ index: 4, mask: bar(4) }],
      [masks[1], masks[0]],
      [masks[0], masks[0]],
      [{ index: 0, mask: bar(4, 20) }],
    ]
  ) {
    await assert.rejects(
      writeMaskVolume(readNiftiHeader(bytes), wrong),
      (error) => error instanceof EdgeError && error.code === "invalid-input",
    );
  }
});

Deno.test({
  name: "nibabel reads the same masks in the same place (needs DICOM_PYTHON)",
  ignore: dicomPython === undefined,
  async fn() {
    for (const name of SOURCES) {
      const { bytes } = fixture(name);
      await checkByNibabel(
        await writeMaskVolume(readNiftiHeader(bytes), masks),
        bytes,
        masks.map(({ index, mask }) => ({ index, png: encodePng(mask) })),
      );
    }
  },
});
