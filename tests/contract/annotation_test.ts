import { deepEqual, equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import {
  annotationCases,
  readAnnotationFile,
} from "../support/annotation_cases.ts";
import { form } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const read = (name: string) => new Uint8Array(readAnnotationFile(name));

Deno.test("DICOM annotations are exported where they lie on the image", async (t) => {
  await using service = await openService();
  const files = [
    "one.dcm",
    "mirrored.dcm",
    "transposed.dcm",
    "half.dcm",
    "probability-rle.dcm",
    "labels-padded.dcm",
    "holes-keyhole.dcm",
    "other-space.dcm",
    "contours-of-none.dcm",
  ];
  const image = read("axial-2.dcm");
  for (const one of annotationCases) {
    if (one.image !== "axial-2.dcm" || !files.includes(one.file)) continue;
    if (one.segment !== undefined) continue;
    await t.step(one.file, async () => {
      const answer = await service.app.request("/v1/masks/export", {
        method: "POST",
        body: form({ image, mask: read(one.file) }),
      });
      if (one.refused !== undefined) {
        equal(answer.status, 422);
        const { type, detail } = await answer.json();
        match(type, new RegExp(`${one.refused}$`));
        equal(detail.includes(one.message), true, detail);
        return;
      }
      equal(answer.status, 200);
      const { data } = await decodeMask(
        await answer.bytes(),
        { maxPixels: 1e6 },
        { image: { bytes: image } },
      );
      const wanted = new Uint8Array(Buffer.from(one.mask!, "base64"));
      deepEqual(data, wanted.map((v) => v * 255));
    });
  }
});
