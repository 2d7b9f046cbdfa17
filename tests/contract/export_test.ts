import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readDicom } from "../../lib/dicom/data_set/file.ts";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import { encodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { countFrames } from "../../lib/image/frames.ts";
import { toDicom, toNifti } from "../support/dicom_files.ts";
import {
  checkByReaders,
  dicomPython,
  validate,
} from "../support/independent_dicom.ts";
import { enrol, files, form, segment, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const limits = { maxPixels: 1_000_000 };
const { first, second } = visits;
const scan = toDicom([first.image, second.image]);
const volume = toNifti([first.image, second.image]);
const rle = JSON.stringify(encodeRle(first.mask));
const seen = (bytes: Uint8Array, image: Uint8Array, frame: number) =>
  decodeMask(bytes, limits, { image: { bytes: image, frame } });

Deno.test("the caller's mask is answered in the format of its image", async (t) => {
  await using service = await openService();
  const ask = (body: BodyInit, query = "") =>
    service.app.request(`/v1/masks/export${query}`, { method: "POST", body });

  await t.step("of a DICOM image as a segmentation drawn by hand", async () => {
    const query =
      "?frame=1&label=kidney&property=64033007:SCT:Kidney&region=113345001:SCT:Abdomen";
    const answer = await ask(form({ image: scan, mask: files.mask }), query);
    equal(answer.status, 200);
    equal(answer.headers.get("content-type"), "application/dicom");
    const file = await answer.bytes();
    deepEqual(await seen(file, scan, 1), first.mask);
    const segment = readDicom(file).dataset.item(TAG.segments)!;
    equal(segment.text(TAG.segmentLabel), "kidney");
    equal(segment.text(TAG.algorithmType), "MANUAL");
    equal(segment.has(TAG.algorithmName), false);
    const type = segment.item(TAG.propertyType)!;
    equal(type.text(TAG.codeMeaning), "Kidney");
    deepEqual(
      await (await ask(form({ image: scan, rle }), query)).bytes(),
      file,
      "run lengths serve as well as a picture",
    );
    deepEqual(await validate(file) ?? [], []);
    if (dicomPython) {
      await checkByReaders(file, [{ image: scan, frame: 1, png: files.mask }]);
    }
  });

  await t.step(
    "as it was shown, whatever the references are by now",
    async () => {
      const { app } = service;
      const { next, mask } = files;
      equal((await enrol(app, "p", "r")).status, 201);
      const query = "?frame=1&label=target&region=113345001:SCT:Abdomen";
      const segmented = async (sent: Uint8Array<ArrayBuffer>, type: string) => {
        const headers = { accept: type, "content-type": "" };
        return await segment(app, "p", sent, query, headers);
      };
      const before = [];
      for (const sent of [scan, volume]) {
        const shown = await (await segmented(sent, "application/json")).json();
        const type = sent === scan
          ? "application/dicom"
          : "application/x-nifti";
        before.push({
          sent,
          shown,
          file: await (await segmented(sent, type)).bytes(),
        });
      }
      // Another reference changes what would be segmented now.
      const box = JSON.stringify({ points: [], box: [20, 20, 90, 90] });
      equal(
        (await enrol(app, "p", "s", { image: next, prompts: box })).status,
        201,
      );
      for (const { sent, shown, file } of before) {
        const rle = JSON.stringify(shown.mask);
        const receipt = JSON.stringify(shown.receipt);
        const answer = await ask(form({ image: sent, rle, receipt }), query);
        equal(answer.status, 200, await answer.clone().text());
        deepEqual(await answer.bytes(), file, "the very file, and its model");
      }
      const [{ shown: { receipt, mask: own } }] = before as [typeof before[0]];
      const cases: [Record<string, unknown>, RegExp][] = [
        [{ mask, receipt }, /body.receipt: is of run lengths: send .* \`rle\`/],
        [{ rle, receipt }, /receipt is of another mask/],
        [
          { rle: own, receipt: { ...receipt, version: "9" } },
          /receipt.id.*changed/,
        ],
        [{ rle: own, receipt: {} }, /body.receipt/],
      ];
      for (const [fields, why] of cases) {
        const sent = Object.entries(fields).map(([name, value]) => [
          name,
          value instanceof Uint8Array || typeof value === "string"
            ? value
            : JSON.stringify(value),
        ]);
        const body = form({ image: scan, ...Object.fromEntries(sent) });
        const answer = await ask(body, query);
        equal(answer.status, 422);
        match((await answer.json()).detail, why);
      }
    },
  );

  await t.step("of a NIfTI volume in its place", async () => {
    const body = form({ image: volume, mask: files.mask });
    const answer = await ask(body, "?frame=1");
    equal(answer.headers.get("content-type"), "application/x-nifti");
    const file = await answer.bytes();
    equal(countFrames(file).count, 2);
    deepEqual(await seen(file, volume, 1), first.mask);
    ok((await seen(file, volume, 0)).data.every((value) => value === 0));
  });

  await t.step("bad input is refused", async () => {
    const data = new Uint8Array(100);
    const small = encodePng({ width: 10, height: 10, channels: 1, data });
    const { mask } = files;
    const size = (height: number, width: number) =>
      JSON.stringify({ size: [height, width], counts: "0" });
    const cases: [number, string, RegExp, BodyInit, string?][] = [
      [415, "unsupported-type", /multipart/, scan],
      [422, "validation", /body.image: is missing/, form({ mask })],
      [422, "validation", /neither/, form({ image: scan })],
      [422, "validation", /not both/, form({ image: scan, mask, rle })],
      [422, "validation", /unknown/, form({ image: scan, mask, label: "a" })],
      [422, "validation", /must be a file/, form({ image: scan, mask: "a" })],
      [
        415,
        "unsupported-type",
        /wanted a DICOM image or a volume .+, got image\/png/,
        form({ image: files.image, mask }),
      ],
      [422, "truncated", /./, form({ image: scan.slice(0, 900), mask })],
      [422, "truncated", /./, form({ image: scan, mask: mask.slice(0, -40) })],
      [422, "invalid-input", /10×10/, form({ image: scan, mask: small })],
      [
        422,
        "invalid-input",
        /10×10/,
        form({ image: volume, mask: small }),
        "?frame=0",
      ],
      [422, "frame-choice", /2 slices/, form({ image: volume, mask })],
      [422, "frame-choice", /0 to 1/, form({ image: scan, mask }), "?frame=2"],
      [422, "frame-choice", /0 to 1/, form({ image: volume, rle }), "?frame=2"],
      [400, "malformed-request", /not JSON/, form({ image: scan, rle: "{" })],
      [422, "validation", /body.rle/, form({ image: scan, rle: "{}" })],
      [422, "validation", /size/, form({ image: scan, rle: size(0, 10) })],
      [413, "too-large", /./, form({ image: scan, rle: size(1e9, 1e9) })],
      [
        422,
        "invalid-input",
        /fill/,
        form({ image: scan, rle: size(384, 384) }),
      ],
      [
        422,
        "invalid-input",
        /no series UID/,
        form({ image: toDicom([first.image], false), mask }),
      ],
      [
        422,
        "validation",
        /value:scheme:meaning/,
        form({ image: scan, mask }),
        "?property=Liver",
      ],
      [422, "validation", /query/, form({ image: scan, mask }), "?model=nano"],
    ];
    for (const [status, code, detail, body, query] of cases) {
      const answer = await ask(body, query);
      equal(answer.status, status, String(detail));
      const problem = await answer.json();
      deepEqual(
        [problem.status, problem.type],
        [status, `/problems/${code}`],
        problem.detail,
      );
      match(problem.detail, detail);
    }
  });
});
