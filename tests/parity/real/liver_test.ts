import assert from "node:assert/strict";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { DICOM_DATA, hasDicom } from "../../support/dicom_data.ts";
import {
  checkByReaders,
  dicomPython,
  validate,
} from "../../support/independent_dicom.ts";
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
  name:
    "on a real CT series with its liver enrolled, the other slices are answered as DICOM segmentations",
  ignore: !hasDicom,
  async fn() {
    await using service = await openService(":memory:", { MODEL: "nano" });
    const { app } = service;
    const slices = [1, 2, 3].map((k) =>
      Deno.readFileSync(new URL(`ct-3slice/0${k}.dcm`, DICOM_DATA))
    );
    const liver = Deno.readFileSync(
      new URL("segmentations/liver.dcm", DICOM_DATA),
    );
    const fields = { image: slices[0], mask: liver, label: "liver" };
    assert.equal((await enrol(app, "p", "first", fields)).status, 201);
    const query =
      "?label=liver&category=123037004:SCT:Anatomical%20Structure&property=10200004:SCT:Liver";
    for (const bytes of slices.slice(1)) {
      const file = await (await ask(app, bytes, query, DICOM)).bytes();
      const png = await (await ask(app, bytes, query, "image/png")).bytes();
      const image = { bytes };
      const mask = await decodeMask(file, limits, { image });
      assert.deepEqual(mask, await decodeMask(png, limits));
      const truth = await decodeMask(liver, limits, { image });
      const both = mask.data.filter((v, i) =>
        v > 0 && truth.data[i] > 0
      ).length;
      const sum = mask.data.filter((v) => v > 0).length +
        truth.data.filter((v) => v > 0).length;
      assert.ok((2 * both) / sum > 0.9, `Dice ${(2 * both) / sum}`);
      if (dicomPython) await checkByReaders(file, [{ image: bytes, png }]);
      assert.deepEqual(await validate(file) ?? [], []);
    }
  },
});
