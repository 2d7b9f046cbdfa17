import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import type { Archive } from "../../lib/archive/archive.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import type { Mask } from "../../lib/core/mask.ts";
import { dice } from "../../lib/core/mask.ts";
import { readDicom } from "../../lib/dicom/data_set/file.ts";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import { encodeRle, type Rle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { countFrames } from "../../lib/image/frames.ts";
import { toDicom, toNifti } from "../support/dicom_files.ts";
import { toSlices } from "../support/dicom_slices.ts";
import {
  checkByNibabel,
  checkByReaders,
  checkContours,
  dicomPython,
  validate,
} from "../support/independent_dicom.ts";
import {
  enrol,
  files,
  postJson,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";

const SEG = "application/dicom";
const RTSTRUCT = "application/dicom; type=rtstruct";
const NIFTI = "application/x-nifti";
const limits = { maxPixels: 1_000_000 };

const { first, second } = visits;
const pictures = [first.image, second.image, first.image];
const slices = toSlices(pictures, { spacing: "0.7\\0.7" });
const volume = toNifti(pictures);
const scan = toDicom(pictures);
const empty = { ...first.mask, data: first.mask.data.map(() => 0) };

interface SentMask {
  image?: number;
  frame?: number;
  rle: Rle;
  receipt?: unknown;
}

function body(images: Uint8Array<ArrayBuffer>[], masks: SentMask[] | string) {
  const form = new FormData();
  images.forEach((image, i) =>
    form.append("image", new File([image], `image-${i}`))
  );
  const text = typeof masks === "string" ? masks : JSON.stringify(masks);
  form.append("masks", text);
  return form;
}

const seen = (file: Uint8Array, bytes: Uint8Array, frame?: number) =>
  decodeMask(file, limits, {
    image: { bytes, ...(frame !== undefined && { frame }) },
  });

Deno.test("masks of a volume or a series come in one file", async (t) => {
  await using service = await openService();
  const ask = (sent: FormData, accept = "*/*", query = "") =>
    service.app.request(`/v1/masks/export/volume${query}`, {
      method: "POST",
      body: sent,
      headers: { accept },
    });
  const [a, b] = [encodeRle(first.mask), encodeRle(second.mask)];

  await t.step("of DICOM files as a segmentation", async () => {
    // Not in the order of their planes, and one slice without a mask.
    const sent = body([slices[2], slices[0], slices[1]], [
      { image: 2, rle: b },
      { image: 1, rle: a },
    ]);
    const answer = await ask(sent, "*/*", "?label=left%20kidney");
    equal(answer.status, 200, await answer.clone().text());
    equal(answer.headers.get("content-type"), SEG);
    const file = await answer.bytes();
    equal(countFrames(file).count, 2);
    deepEqual(await seen(file, slices[0]), first.mask);
    deepEqual(await seen(file, slices[1]), second.mask);
    const { dataset } = readDicom(file);
    const described = dataset.item(TAG.segments)!;
    equal(described.text(TAG.segmentLabel), "left kidney");
    equal(described.text(TAG.algorithmType), "MANUAL");
    deepEqual(await validate(file) ?? [], []);
    if (dicomPython) {
      await checkByReaders(file, [
        { image: slices[0], png: encodePng(first.mask) },
        { image: slices[1], png: encodePng(second.mask) },
      ]);
    }
  });

  await t.step("of DICOM files as a structure set", async () => {
    const sent = body(slices, [
      { image: 0, rle: a },
      { image: 1, rle: b },
      { image: 2, rle: encodeRle(empty) },
    ]);
    const answer = await ask(sent, RTSTRUCT);
    equal(answer.status, 200, await answer.clone().text());
    equal(answer.headers.get("content-type"), RTSTRUCT);
    const file = await answer.bytes();
    for (const [i, mask] of [first.mask, second.mask].entries()) {
      equal(dice((await seen(file, slices[i])).data, mask.data), 1);
    }
    if (dicomPython) {
      await checkContours(
        file,
        [first.mask, second.mask, empty].map((mask, i) => ({
          image: slices[i],
          png: encodePng(mask),
        })),
      );
    }
  });

  await t.step("of frames of one DICOM file", async () => {
    const sent = body([scan], [{ frame: 2, rle: b }, { frame: 0, rle: a }]);
    const file = await (await ask(sent)).bytes();
    equal(countFrames(file).count, 2);
    deepEqual(await seen(file, scan, 0), first.mask);
    deepEqual(await seen(file, scan, 2), second.mask);
    if (dicomPython) {
      await checkByReaders(file, [
        { image: scan, frame: 0, png: encodePng(first.mask) },
        { image: scan, frame: 2, png: encodePng(second.mask) },
      ]);
    }
  });

  await t.step("of a volume as NIfTI", async () => {
    const sent = body([volume], [{ frame: 2, rle: b }, { frame: 0, rle: a }]);
    const answer = await ask(sent, NIFTI);
    equal(answer.headers.get("content-type"), NIFTI);
    const file = await answer.bytes();
    const masks: Mask[] = [first.mask, empty, second.mask];
    for (const [i, mask] of masks.entries()) {
      if (mask === empty) continue;
      deepEqual(await seen(file, volume, i), mask);
    }
    if (dicomPython) {
      await checkByNibabel(
        file,
        volume,
        masks.map((mask, index) => ({ index, png: encodePng(mask) })),
      );
    }
  });

  await t.step("with receipts, it names the model", async () => {
    equal((await enrol(service.app, "p", "r")).status, 201);
    const { mask, receipt } =
      await (await segment(service.app, "p", files.next)).json();
    const typeOf = async (masks: SentMask[]) => {
      const answer = await ask(body(slices, masks));
      equal(answer.status, 200, await answer.clone().text());
      const { dataset } = readDicom(await answer.bytes());
      return dataset.item(TAG.segments)!.text(TAG.algorithmType);
    };
    const own = { image: 1, rle: mask, receipt };
    equal(await typeOf([{ image: 0, rle: a }, own]), "SEMIAUTOMATIC");
    equal(await typeOf([{ image: 0, rle: a }]), "MANUAL");
    const refused = async (masks: SentMask[], why: RegExp) => {
      const answer = await ask(body(slices, masks));
      equal(answer.status, 422);
      match((await answer.json()).detail, why);
    };
    await refused([{ ...own, rle: a }], /receipt is of another mask/);
    await refused(
      [{ ...own, receipt: { ...receipt, version: "9" } }],
      /was changed/,
    );
  });

  await t.step("of images of the archive, without their files", async () => {
    const study = "2.25.502";
    const series = "2.25.503";
    const archive = {
      readInstance: ({ instance }: { instance: string }) => {
        const found = slices[Number(instance.split(".").at(-1)) - 1];
        if (found !== undefined) return Promise.resolve(found);
        return Promise.reject(new EdgeError("not-found", "No such object."));
      },
    } as unknown as Archive;
    const app = createApp({ ...service.services, archive });
    const send = (masks: SentMask[], ...numbers: number[]) =>
      postJson(app, "/v1/masks/export/volume", {
        image: numbers.map((n) => ({
          dicomweb: { study, series, instance: `${series}.${n}` },
        })),
        masks,
      });
    const masks = [{ image: 0, rle: b }, { image: 1, rle: a }];
    const answer = await send(masks, 2, 1);
    equal(answer.status, 200, await answer.clone().text());
    const sent = await ask(body([slices[1], slices[0]], masks));
    deepEqual(await answer.bytes(), await sent.bytes());
    equal((await send(masks, 2, 7)).status, 404);
    equal((await send(masks, 2)).status, 422);
    equal((await send([], 2)).status, 422);
    const closed = await postJson(service.app, "/v1/masks/export/volume", {
      image: [{ dicomweb: { study, series, instance: series } }],
      masks,
    });
    equal((await closed.json()).type, "/problems/not-configured");
  });

  await t.step("and what cannot be written is refused", async () => {
    const one = [{ rle: a }];
    const other = toSlices([first.image], { series: "2.25.600" });
    const cases: [FormData, string, number, RegExp][] = [
      [body([], one), "*/*", 422, /body.image: is missing/],
      [seriesOnly(), "*/*", 422, /body.masks: is missing/],
      [body(slices, "[]"), "*/*", 422, /body.masks/],
      [body(slices, "masks"), "*/*", 400, /not JSON/],
      [
        body(slices, [{ image: 3, rle: a }]),
        "*/*",
        422,
        /masks\.0\.image: must be below the number of images, 3, not 3/,
      ],
      [body([volume], [{ frame: 3, rle: a }]), "*/*", 422, /from 0 to 2/],
      [body([scan], [{ frame: 3, rle: a }]), "*/*", 422, /from 0 to 2/],
      [
        body(slices, [{ rle: a }, { rle: b }]),
        "*/*",
        422,
        /the image came twice/,
      ],
      [
        body([slices[0], other[0]], [{ rle: a }, { image: 1, rle: a }]),
        "*/*",
        422,
        /differ in series/,
      ],
      [
        body([volume, toNifti([second.image])], [{ rle: a }, {
          image: 1,
          rle: a,
        }]),
        "*/*",
        422,
        /several volumes/,
      ],
      [
        body(slices, [{ rle: encodeRle({ ...crop(first.mask) }) }]),
        "*/*",
        422,
        /a mask is 384×10 pixels, its image 384×384/,
      ],
      [body([files.image], one), "*/*", 415, /image\/png/],
      [body(slices, one), NIFTI, 406, /application\/dicom/],
      [body([volume], one), RTSTRUCT, 406, /x-nifti/],
    ];
    for (const [sent, accept, status, why] of cases) {
      const answer = await ask(sent, accept);
      const said = await answer.text();
      equal(answer.status, status, said);
      match(JSON.parse(said).detail, why);
    }
    const twice = body(slices, one);
    twice.append("masks", "[]");
    match((await (await ask(twice)).json()).detail, /masks twice/);
  });

  await t.step("nothing of it is stored or left open", () => {
    ok(service.services.seriesQuota.take("default"));
  });
});

function seriesOnly(): FormData {
  const form = body(slices, "[]");
  form.delete("masks");
  return form;
}

/** The upper rows of a mask. */
const crop = ({ width, data }: Mask) => ({
  width,
  height: 10,
  data: data.slice(0, 10 * width),
});
