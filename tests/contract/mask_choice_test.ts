import { deepEqual, equal, match } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { toDicom } from "../support/dicom_files.ts";
import { enrol, files, form, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const { image, mask } = visits.first;
/** The lesion as label 2, and a square beside it as label 1. */
const labels = encodePng({
  ...mask,
  channels: 1,
  data: mask.data.map((value, i) =>
    value > 0 ? 2 : i % mask.width < 60 && i < 60 * mask.width ? 1 : 0
  ),
});
const pixels = mask.data.filter((value) => value > 0).length;
const reading = {
  kind: "label",
  value: 2,
  threshold: null,
  pixels,
  share: pixels / mask.data.length,
};

Deno.test("a label of a mask is chosen, and answers say how it was read", async (t) => {
  await using service = await openService();
  const { app } = service;
  const fields = { image: files.image, mask: labels };

  await t.step("without a choice, the labels are listed", async () => {
    const answer = await enrol(app, "p", "r", fields);
    equal(answer.status, 422);
    const { type, detail, choices } = await answer.json();
    equal(type, "/problems/frame-choice");
    match(detail, /it has 1, 2; send segment=n/);
    deepEqual(choices, ["1", "2"]);
  });

  await t.step("the chosen one is enrolled, and its reading kept", async () => {
    const answer = await enrol(app, "p", "r", { ...fields, segment: "2" });
    equal(answer.status, 201);
    deepEqual((await answer.json()).mask, reading);
    const kept = await app.request("/v1/patients/p/references/r");
    deepEqual((await kept.json()).mask, reading);
  });

  await t.step("a mask is read without being enrolled", async () => {
    const read = (query: string) =>
      app.request(`/v1/masks/read${query}`, {
        method: "POST",
        body: form(fields),
      });
    const answer = await (await read("?segment=2")).json();
    deepEqual(answer.reading, reading);
    deepEqual(answer.warnings, []);
    const { size, counts } = answer.mask;
    deepEqual(decodeRle({ size, counts }), mask);
    deepEqual((await (await read("")).json()).choices, ["1", "2"]);
    equal((await read("?segment=")).status, 422);
  });

  await t.step(
    "a mask is not read on an image that it does not fit",
    async () => {
      const read = async (other: Uint8Array<ArrayBuffer>) => {
        const answer = await app.request("/v1/masks/read?segment=2", {
          method: "POST",
          body: form({ ...fields, image: other }),
        });
        return [answer.status, (await answer.json()).detail] as const;
      };
      const half = encodePng({
        ...mask,
        height: mask.height / 2,
        channels: 1,
        data: mask.data.subarray(mask.data.length / 2),
      });
      const [size, fit] = await read(half);
      equal(size, 422);
      match(fit, /^The mask is (\d+×\d+) pixels, the image \d+×\d+/);
      const [type, kind] = await read(new TextEncoder().encode("no image"));
      equal(type, 415);
      match(kind, /wanted PNG/);
    },
  );

  await t.step("and exported", async () => {
    const scan = toDicom([image]);
    const answer = await app.request("/v1/masks/export?segment=2", {
      method: "POST",
      body: form({ image: scan, mask: labels }),
    });
    equal(answer.status, 200);
    const written = await decodeMask(
      await answer.bytes(),
      { maxPixels: 1e6 },
      { image: { bytes: scan } },
    );
    deepEqual(written, mask);
  });
});
