import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { decodeMask } from "../../../../lib/image/decode_mask.ts";
import { Dataset } from "../../../../lib/dicom/data_set/data_set.ts";
import { TAG } from "../../../../lib/dicom/data_set/tags.ts";
import {
  writeDicom,
  type WriteElement,
} from "../../../../lib/dicom/data_set/write.ts";
import { SEGMENTATION_STORAGE } from "../../../../lib/dicom/data_set/uid.ts";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { fixture } from "../../../support/fixtures.ts";
import { DICOM_DATA, hasDicom } from "../../../support/dicom_data.ts";

const limits = { maxPixels: 1_000_000 };
const golden = (name: string) =>
  Deno.readFileSync(new URL(`../../golden/dicom/${name}`, import.meta.url));
const { masks } = JSON.parse(
  new TextDecoder().decode(golden("segments.json")),
) as { masks: Record<string, string> };

const choice = (message: RegExp) => (error: unknown) =>
  error instanceof EdgeError && error.code === "frame-choice" &&
  message.test(error.message);

for (const name of ["segments.dcm", "segments-fractional.dcm"]) {
  Deno.test(`each segment of ${name} is found on each image that it refers to`, async () => {
    for (const [key, packed] of Object.entries(masks)) {
      const [slice, segment] = key.split("/");
      const mask = await decodeMask(golden(name), limits, {
        segment,
        image: { bytes: golden(`slice-${slice}.dcm`) },
      });
      const wanted = new Uint8Array(Buffer.from(packed, "base64"));
      assert.deepEqual(mask.data, wanted.map((v) => v * 255), key);
    }
  });
}

Deno.test("of several segments one must be chosen, and be there", async () => {
  const image = { bytes: golden("slice-1.dcm") };
  const decode = (chosen: { segment?: string }) =>
    decodeMask(golden("segments.dcm"), limits, { ...chosen, image });
  await assert.rejects(decode({}), choice(/several.+: 1, 2\.$/));
  await assert.rejects(
    decode({ segment: "3" }),
    choice(/no segment 3.+: 1, 2\.$/),
  );
});

Deno.test("without its image a segment of several frames is refused", async () => {
  for (const chosen of [{}, { image: { bytes: fixture("rgb-8.png").bytes } }]) {
    await assert.rejects(
      decodeMask(golden("segments.dcm"), limits, {
        segment: "1",
        ...chosen,
      }),
      choice(/3 frames; send the DICOM image/),
    );
  }
});

Deno.test("an image that a segmentation does not refer to is refused", async () => {
  await assert.rejects(
    decodeMask(golden("segments.dcm"), limits, {
      segment: "1",
      image: { bytes: fixture("ct.dcm").bytes },
    }),
    choice(/no frame on this image/),
  );
});

Deno.test("sources that all frames share are read once, not once for each frame", async () => {
  const count = 2000;
  const sources = Array.from(
    { length: count },
    (): WriteElement[] => [[TAG.referencedInstance, "UI", "2.25.1"]],
  );
  const segmentation = writeDicom(
    { classUid: SEGMENTATION_STORAGE, instanceUid: "2.25.2" },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.sopClass, "UI", SEGMENTATION_STORAGE],
      [TAG.samples, "US", [1]],
      [TAG.photometric, "CS", "MONOCHROME2"],
      [TAG.frames, "IS", `${count}`],
      [TAG.rows, "US", [1]],
      [TAG.columns, "US", [1]],
      [TAG.bitsAllocated, "US", [1]],
      [TAG.bitsStored, "US", [1]],
      [TAG.highBit, "US", [0]],
      [TAG.signed, "US", [0]],
      [TAG.segmentationType, "CS", "BINARY"],
      [TAG.segments, "SQ", [[[TAG.segmentNumber, "US", [1]]]]],
      [TAG.sharedGroups, "SQ", [[
        [TAG.segmentIdentification, "SQ", [[
          [TAG.referencedSegment, "US", [1]],
        ]]],
        [TAG.derivationImages, "SQ", [[[TAG.sourceImages, "SQ", sources]]]],
      ]]],
      [TAG.pixelData, "OB", new Uint8Array(count / 8)],
    ],
  );
  let asked = 0;
  const { text } = Dataset.prototype;
  Dataset.prototype.text = function (tag) {
    if (tag === TAG.referencedInstance) asked++;
    return text.call(this, tag);
  };
  try {
    await assert.rejects(
      decodeMask(segmentation, limits, {
        image: { bytes: golden("slice-1.dcm") },
      }),
      choice(/no frame on this image/),
    );
  } finally {
    Dataset.prototype.text = text;
  }
  assert.equal(asked, count);
});

Deno.test("a frame is also found by where it lies", async () => {
  // The same slice under another UID, as after anonymisation.
  const bytes = golden("slice-2.dcm");
  const text = new TextDecoder("latin1").decode(bytes);
  for (let at = -1; (at = text.indexOf("2.25.9001", at + 1)) >= 0;) {
    bytes.set(new TextEncoder().encode("2.25.7001"), at);
  }
  const mask = await decodeMask(golden("segments.dcm"), limits, {
    segment: "2",
    image: { bytes },
  });
  const wanted = new Uint8Array(Buffer.from(masks["2/2"], "base64"));
  assert.deepEqual(mask.data, wanted.map((v) => v * 255));
});

Deno.test({
  name:
    "a real liver segmentation gives what its NRRD labels say (needs ../shared/data/dicom)",
  ignore: !hasDicom,
  async fn() {
    const file = Deno.readFileSync(
      new URL("segmentations/liver_seg.nrrd", DICOM_DATA),
    );
    const end = new TextDecoder("latin1").decode(file).indexOf("\n\n") + 2;
    const labels = new Int16Array(
      gunzipSync(file.subarray(end)).slice().buffer,
    );
    const segmentation = Deno.readFileSync(
      new URL("segmentations/liver.dcm", DICOM_DATA),
    );
    for (let k = 0; k < 3; k++) {
      // The labels start at the lowest slice, which is the last file.
      const image = Deno.readFileSync(
        new URL(`ct-3slice/0${3 - k}.dcm`, DICOM_DATA),
      );
      const mask = await decodeMask(segmentation, limits, {
        image: { bytes: image },
      });
      const plane = labels.subarray(k * 512 * 512, (k + 1) * 512 * 512);
      const wanted = Uint8Array.from(plane, (v) => v === 0 ? 0 : 255);
      assert.ok(wanted.some((v) => v > 0));
      assert.deepEqual(mask.data, wanted, `slice ${k}`);
    }
  },
});
