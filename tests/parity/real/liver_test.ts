import assert from "node:assert/strict";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { dice } from "../../../lib/core/mask.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { DICOM_DATA, hasDicom } from "../../support/dicom_data.ts";
import {
  checkByReaders,
  checkContours,
  dicomPython,
  validate,
} from "../../support/independent_dicom.ts";
import { seriesForm } from "../../support/series_bodies.ts";
import { type Asked, enrol, segment } from "../../support/requests.ts";
import { openService } from "../../support/service.ts";

const limits = { maxPixels: 1_000_000 };
const DICOM = "application/dicom";

const ask = (
  app: Asked,
  body: Uint8Array<ArrayBuffer>,
  query: string,
  accept: string,
) => segment(app, "p", body, query, { accept, "content-type": DICOM });

Deno.test({
  name: "a real CT series with its liver enrolled from the first slice",
  ignore: !hasDicom,
  async fn(t) {
    await using service = await openService(":memory:", { MODEL: "nano" });
    const { app } = service;
    const slices = [1, 2, 3].map((k) =>
      Deno.readFileSync(new URL(`ct-3slice/0${k}.dcm`, DICOM_DATA))
    );
    const liver = Deno.readFileSync(
      new URL("segmentations/liver.dcm", DICOM_DATA),
    );
    const on = (file: Uint8Array, bytes: Uint8Array) =>
      decodeMask(file, limits, { image: { bytes } });
    const fields = { image: slices[0], mask: liver, label: "liver" };
    assert.equal((await enrol(app, "p", "first", fields)).status, 201);
    const query =
      "?label=liver&category=123037004:SCT:Anatomical%20Structure&property=10200004:SCT:Liver";

    await t.step("its other slices are DICOM segmentations", async () => {
      for (const bytes of slices.slice(1)) {
        const file = await (await ask(app, bytes, query, DICOM)).bytes();
        const png = await (await ask(app, bytes, query, "image/png")).bytes();
        const mask = await on(file, bytes);
        assert.deepEqual(mask, await decodeMask(png, limits));
        const found = dice(mask.data, (await on(liver, bytes)).data);
        assert.ok(found > 0.9, `Dice ${found}`);
        if (dicomPython) await checkByReaders(file, [{ image: bytes, png }]);
        assert.deepEqual(await validate(file) ?? [], []);
      }
    });

    await t.step("all is one segmentation, and one structure set", async () => {
      const whole = async (accept: string) => {
        const answer = await app.request(`/v1/patients/p/series${query}`, {
          method: "POST",
          body: seriesForm(slices),
          headers: { accept },
        });
        assert.equal(answer.status, 200);
        const told = JSON.parse(answer.headers.get("x-series")!);
        assert.deepEqual(told, { images: 3, present: 3, refused: 0 });
        const file = await answer.bytes();
        assert.deepEqual(await validate(file) ?? [], []);
        return file;
      };
      const segmentation = await whole(DICOM);
      const contours = await whole(`${DICOM}; type=rtstruct`);
      const pairs = [];
      for (const bytes of slices) {
        const mask = await on(segmentation, bytes);
        assert.equal(dice((await on(contours, bytes)).data, mask.data), 1);
        pairs.push({ image: bytes, png: encodePng(mask) });
      }
      if (dicomPython) await checkContours(contours, pairs);

      const again = { image: slices[0], mask: contours, label: "liver" };
      const enrolled = await enrol(app, "q", "first", again);
      assert.equal(enrolled.status, 201);
      assert.equal((await enrolled.json()).mask.kind, "contours");
    });
  },
});
