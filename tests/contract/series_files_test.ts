import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { dice } from "../../lib/core/mask.ts";
import { readDicom } from "../../lib/dicom/data_set/file.ts";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import type { WriteElement } from "../../lib/dicom/data_set/write.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { countFrames } from "../../lib/image/frames.ts";
import { toDicom, toNifti } from "../support/dicom_files.ts";
import { toSlices } from "../support/dicom_slices.ts";
import {
  checkByReaders,
  checkCoco,
  checkContours,
  dicomPython,
  validate,
} from "../support/independent_dicom.ts";
import { enrol, files, form, segment, visits } from "../support/requests.ts";
import { linesOf, seriesForm, zipOf } from "../support/series_bodies.ts";
import { countSegments, openService } from "../support/service.ts";
import { unzip } from "../support/unzip.ts";

const SEG = "application/dicom";
const RTSTRUCT = "application/dicom; type=rtstruct";
const NIFTI = "application/x-nifti";
const COCO = "application/x-coco";
const COCO_JSON = "application/json; profile=coco";
const PNG = "image/png";
const limits = { maxPixels: 1_000_000 };

const { first, second } = visits;
/** A picture without the structure. */
const blank = { ...first.image, data: first.image.data.map(() => 90) };
const pictures = [first.image, second.image, blank];
const slices = toSlices(pictures);
const cut = slices[0].slice(0, 3000);
const text = new TextEncoder().encode("about the images");

/** Slices of a patient with what lies beside them, in an order that is not theirs. */
const packed = zipOf([
  { name: "ct/2.dcm", bytes: slices[0] },
  { name: "ct/10.dcm", bytes: slices[1] },
  { name: "ct/9.dcm", bytes: slices[2] },
  { name: "ct/cut.dcm", bytes: cut },
  { name: "read.me", bytes: text },
]);
const IN_ORDER = [0, 2, 1];

async function openSeries(environment: Record<string, string> = {}) {
  const service = await openService(":memory:", environment);
  equal((await enrol(service.app, "p", "r")).status, 201);
  const series = (
    body: FormData | Uint8Array<ArrayBuffer>,
    accept: string,
    query = "",
  ) =>
    service.app.request(`/v1/patients/p/series${query}`, {
      method: "POST",
      body,
      headers: { accept },
    });
  /** The masks of the lines of a series. */
  const masks = async (body: FormData | Uint8Array<ArrayBuffer>) =>
    (await Array.fromAsync(linesOf(await series(body, "*/*"))))
      .flatMap(({ segmentation }) =>
        segmentation ? [decodeRle(segmentation.mask)] : []
      );
  return {
    ...service,
    series,
    masks,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

const jsonOf = (bytes?: Uint8Array) =>
  JSON.parse(new TextDecoder().decode(bytes));
const header = (answer: Response, name: string) =>
  JSON.parse(answer.headers.get(name) ?? "null");

Deno.test("a series of DICOM images is answered as one file", async (t) => {
  await using service = await openSeries();
  const { series, masks } = service;
  const shown = await masks(packed);
  equal(shown.length, 3);
  ok(shown[0].data.includes(255) && shown[2].data.includes(255));
  ok(!shown[1].data.includes(255), "the blank slice has no structure");

  const requireTold = (answer: Response) => {
    deepEqual(header(answer, "x-series"), {
      images: 5,
      present: 2,
      refused: 2,
    });
    equal(answer.headers.get("x-structure-present"), "true");
    deepEqual(
      header(answer, "x-refused").map((one: Record<string, string>) => [
        one.index,
        one.type,
      ]),
      [[3, "/problems/truncated"], [4, "/problems/unsupported-type"]],
    );
    equal(answer.headers.get("x-warnings"), null);
  };

  await t.step("a segmentation with a frame of each image", async () => {
    const query = "?category=123037004:SCT:Anatomical%20Structure";
    const answer = await series(packed, SEG, query);
    equal(answer.status, 200);
    equal(answer.headers.get("content-type"), SEG);
    requireTold(answer);
    const file = await answer.bytes();
    equal(countFrames(file).count, 3);
    for (const [k, i] of IN_ORDER.entries()) {
      const image = { bytes: slices[i] };
      deepEqual(await decodeMask(file, limits, { image }), shown[k]);
    }
    const coded = readDicom(file).dataset.item(TAG.segments)!
      .item(TAG.propertyCategory)!;
    equal(coded.text(TAG.codeMeaning), "Anatomical Structure");
    deepEqual(await (await series(packed, SEG, query)).bytes(), file);
    // Frames lie in the order of the planes.
    if (dicomPython) {
      const pngs = [shown[0], shown[2], shown[1]].map(encodePng);
      await checkByReaders(
        file,
        slices.map((image, i) => ({ image, png: pngs[i] })),
      );
    }
  });

  await t.step(
    "a structure set, without contours where it is absent",
    async () => {
      const query = "?category=123037004:SCT:Anatomical%20Structure";
      const answer = await series(packed, RTSTRUCT, query);
      equal(answer.status, 200, await answer.clone().text());
      equal(answer.headers.get("content-type"), RTSTRUCT);
      requireTold(answer);
      const file = await answer.bytes();
      for (const [k, i] of IN_ORDER.entries()) {
        if (!shown[k].data.includes(255)) continue;
        const image = { bytes: slices[i] };
        const mask = await decodeMask(file, limits, { image });
        equal(dice(mask.data, shown[k].data), 1);
      }
      const { dataset } = readDicom(file);
      const instances = dataset.item(TAG.structureContours)!.items(TAG.contours)
        .map((contour) =>
          contour.item(TAG.contourImages)!.text(TAG.referencedInstance)
        );
      deepEqual(new Set(instances), new Set(["2.25.503.1", "2.25.503.2"]));
      equal(
        dataset.item(TAG.observations)!.text(TAG.interpretedType),
        "ORGAN",
      );
      deepEqual(await validate(file) ?? [], []);
      if (dicomPython) {
        const square = toSlices(pictures, { spacing: "0.7\\0.7" });
        const answer = await series(seriesForm(square), RTSTRUCT);
        const pngs = [shown[0], shown[2], shown[1]].map(encodePng);
        await checkContours(
          await answer.bytes(),
          square.map((image, i) => ({ image, png: pngs[i] })),
        );
      }
    },
  );

  await t.step("several series as an archive of files", async () => {
    const other = toSlices(pictures.slice(0, 1), { series: "2.25.600" });
    const body = seriesForm([...slices, ...other, text, slices[0]]);
    for (const [type, ending] of [[SEG, "seg"], [RTSTRUCT, "rtstruct"]]) {
      const answer = await series(body, type);
      equal(answer.headers.get("content-type"), "application/zip");
      const entries = await unzip(await answer.bytes());
      const names = [`0_image-0_${ending}.dcm`, `1_image-3_${ending}.dcm`];
      deepEqual([...entries.keys()].sort(), [...names, "series.json"]);
      const told = jsonOf(entries.get("series.json")).images;
      deepEqual(
        told.map((one: Record<string, unknown>) => one.file),
        [names[0], names[0], names[0], names[1], null, null],
      );
      equal(told[4].problem.type, "/problems/unsupported-type");
      match(told[5].problem.detail, /came twice/);
      ok(told[0].segmentation.receipt.id);
      const image = { bytes: other[0] };
      deepEqual(
        await decodeMask(entries.get(names[1])!, limits, { image }),
        shown[0],
      );
    }
  });

  await t.step("frames of one file", async () => {
    const scan = toDicom(pictures);
    const answer = await series(scan, SEG);
    equal(answer.status, 200);
    const file = await answer.bytes();
    for (const [frame, k] of IN_ORDER.entries()) {
      const image = { bytes: scan, frame };
      deepEqual(await decodeMask(file, limits, { image }), shown[k]);
    }
    const refused = await series(scan, RTSTRUCT);
    equal(refused.status, 422);
    const problem = await refused.json();
    match(problem.detail, /None of the 3 images .*does not state its position/);
    equal(problem.errors.length, 3);
  });
});

Deno.test("a volume is answered as a volume", async () => {
  await using service = await openSeries();
  const { series, masks } = service;
  const volume = toNifti(pictures);
  const shown = await masks(volume);
  const answer = await series(volume, NIFTI);
  equal(answer.status, 200);
  equal(answer.headers.get("content-type"), NIFTI);
  match(answer.headers.get("content-disposition")!, /mask\.nii\.gz/);
  deepEqual(header(answer, "x-series"), { images: 3, present: 2, refused: 0 });
  const file = await answer.bytes();
  equal(countFrames(file).count, 3);
  for (const [frame, mask] of shown.entries()) {
    const image = { bytes: volume, frame };
    deepEqual(await decodeMask(file, limits, { image }), mask);
  }
  const two = zipOf([
    { name: "a.nii", bytes: volume },
    { name: "b.nii", bytes: toNifti(pictures.slice(1)) },
  ]);
  const entries = await unzip(await (await series(two, NIFTI)).bytes());
  deepEqual([...entries.keys()].sort(), [
    "0_a_mask.nii.gz",
    "1_b_mask.nii.gz",
    "series.json",
  ]);
  deepEqual(entries.get("0_a_mask.nii.gz"), file);
});

Deno.test("masks of a series as an archive of pictures", async () => {
  await using service = await openSeries();
  const { series, masks } = service;
  const shown = await masks(packed);
  for (const type of [PNG, "application/zip", "image/*"]) {
    const answer = await series(packed, type);
    equal(answer.headers.get("content-type"), "application/zip");
    const entries = await unzip(await answer.bytes());
    const names = ["0_2_mask.png", "1_9_mask.png", "2_10_mask.png"];
    deepEqual([...entries.keys()].sort(), [...names, "series.json"]);
    for (const [k, name] of names.entries()) {
      deepEqual(await decodeMask(entries.get(name)!, limits), shown[k]);
    }
    const { images } = jsonOf(entries.get("series.json"));
    deepEqual(
      images.map((one: Record<string, unknown>) => [one.name, one.file]),
      [
        ["ct/2.dcm", names[0]],
        ["ct/9.dcm", names[1]],
        ["ct/10.dcm", names[2]],
        ["ct/cut.dcm", null],
        ["read.me", null],
      ],
    );
    equal(images[1].segmentation.present, false);
    equal(images[3].problem.type, "/problems/truncated");
    equal("mask" in images[0].segmentation, false);
  }
});

Deno.test("a series as COCO", async () => {
  await using service = await openSeries();
  const { series, masks } = service;
  const shown = await masks(packed);
  const answer = await series(packed, COCO);
  equal(answer.status, 200);
  equal(answer.headers.get("content-type"), COCO);
  const document = await answer.json();
  deepEqual(document.categories, [{ id: 1, name: "target" }]);
  deepEqual(
    document.images.map((one: Record<string, unknown>) => [
      one.id,
      one.file_name,
      one.present,
    ]),
    [[1, "ct/2.dcm", true], [2, "ct/9.dcm", false], [3, "ct/10.dcm", true]],
  );
  deepEqual(
    document.annotations.map((one: Record<string, unknown>) => one.image_id),
    [1, 3],
  );
  deepEqual(decodeRle(document.annotations[1].segmentation), shown[2]);
  deepEqual(
    document.problems.map((one: Record<string, unknown>) => one.index),
    [3, 4],
  );
  if (dicomPython) await checkCoco(document, shown.map(encodePng));
});

Deno.test("warnings of a series that is answered as a file are told once, with their number", async () => {
  await using service = await openSeries();
  const more: WriteElement[] = [
    [TAG.windowCenter, "DS", "-5000"],
    [TAG.windowWidth, "DS", "1"],
  ];
  const odd = toSlices(pictures.slice(0, 2), { more });
  const answer = await service.series(
    seriesForm([slices[2], ...odd]),
    "application/dicom",
  );
  const [warning, ...others] = header(answer, "x-warnings");
  deepEqual(others, []);
  equal(warning.code, "window-ignored");
  match(warning.detail, /\(2 of 3 images\)$/);
});

Deno.test("an answer that the images cannot give is not acceptable, and nothing is segmented for it", async () => {
  await using service = await openSeries();
  const { series } = service;
  const pngs = seriesForm([files.next, files.image]);
  const volume = toNifti(pictures);
  const cases: [FormData | Uint8Array<ArrayBuffer>, string, RegExp][] = [
    [pngs, SEG, /none of the 2 .*a DICOM segmentation: wanted a DICOM image/],
    [pngs, RTSTRUCT, /an RTSTRUCT: wanted a DICOM image, got image\/png/],
    [pngs, NIFTI, /wanted a volume/],
    [volume, RTSTRUCT, /got application\/x-nifti/],
    [seriesForm(slices), NIFTI, /got application\/dicom/],
    [pngs, "text/html", /answered as application\/x-ndjson or .*coco/],
    [pngs, "application/dicom; type=rtplan", /answered as/],
  ];
  for (const [body, accept, detail] of cases) {
    const answer = await series(body, accept);
    equal(answer.status, 406, accept);
    match((await answer.json()).detail, detail);
  }
  const { counted, begun } = countSegments(service.services);
  const answer = await createApp(counted).request("/v1/patients/p/series", {
    method: "POST",
    body: pngs,
    headers: { accept: SEG },
  });
  deepEqual([answer.status, begun()], [406, 0]);
  const cursor = `?cursor=1-${"0".repeat(32)}`;
  const refused = await series(seriesForm(slices), SEG, cursor);
  equal(refused.status, 422);
  match((await refused.json()).detail, /query.cursor: continues .* lines/);
});

Deno.test("the header's preferences are kept to; lines are the answer where it has none", async () => {
  await using service = await openSeries();
  const body = seriesForm(slices.slice(0, 1));
  const cases = [
    ["*/*", "application/x-ndjson"],
    ["application/json", "application/x-ndjson"],
    ["application/*;q=0.5, image/png;q=0.1", "application/x-ndjson"],
    ["application/dicom;q=0.2, application/dicom;type=RTSTRUCT", RTSTRUCT],
    ["text/html, application/dicom; type=seg", SEG],
    [`${COCO_JSON};q=0.9, application/x-ndjson;q=0`, COCO_JSON],
    ["application/x-coco, */*", COCO],
  ];
  for (const [accept, wanted] of cases) {
    const answer = await service.series(body, accept);
    equal(answer.headers.get("content-type"), wanted, accept);
    await answer.body?.cancel();
  }
});

Deno.test("a server that stops answers no part of a file", async () => {
  await using service = await openSeries();
  const closing = AbortSignal.abort();
  const app = createApp({ ...service.services, closing });
  const answer = await app.request("/v1/patients/p/series", {
    method: "POST",
    body: seriesForm(slices),
    headers: { accept: SEG },
  });
  equal(answer.status, 503);
  ok(answer.headers.get("retry-after"));
});

Deno.test("a caller who leaves ends the work on a file", async () => {
  await using service = await openSeries();
  const { counted, begun } = countSegments(service.services);
  const leave = new AbortController();
  const images = Array.from({ length: 20 }, (_, i) => {
    const data = second.image.data.slice();
    data[i] ^= 1;
    return { ...second.image, data };
  });
  const asking = createApp(counted).request("/v1/patients/p/series", {
    method: "POST",
    body: seriesForm(toSlices(images)),
    headers: { accept: SEG },
    signal: leave.signal,
  });
  while (begun() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  leave.abort();
  const answer = await asking;
  equal(answer.status, 499);
  const done = begun();
  // A series that went on would take turns with these.
  for (let i = 0; i < 10; i++) await segment(service.app, "p");
  equal(begun(), done);
});

Deno.test("every answer in a file gives back the series that a tenant may have in progress", async () => {
  await using service = await openSeries();
  const body = seriesForm(slices.slice(0, 1));
  const pngs = seriesForm([files.next]);
  for (let i = 0; i < 12; i++) {
    const type = [SEG, RTSTRUCT, COCO, PNG][i % 4];
    const answer = await service.series(body, type);
    equal(answer.status, 200);
    await answer.bytes();
    equal((await service.series(pngs, SEG)).status, 406);
  }
});

Deno.test("one image, and the caller's own mask, as a structure set", async () => {
  await using service = await openSeries();
  const { app } = service;
  const [, image] = slices;
  const query = "?label=target&category=113343008:SCT:Organ";
  const headers = (accept: string) => ({ accept, "content-type": SEG });
  const answer = await segment(app, "p", image, query, headers(RTSTRUCT));
  equal(answer.status, 200);
  equal(answer.headers.get("content-type"), RTSTRUCT);
  equal(answer.headers.get("x-structure-present"), "true");
  const file = await answer.bytes();
  const shown = await (await segment(app, "p", image, query, headers("*/*")))
    .json();
  const mask = decodeRle(shown.mask);
  deepEqual(await decodeMask(file, limits, { image: { bytes: image } }), mask);

  const exported = (fields: Record<string, string | Uint8Array<ArrayBuffer>>) =>
    app.request(`/v1/masks/export${query}`, {
      method: "POST",
      body: form(fields),
      headers: { accept: RTSTRUCT },
    });
  const rle = JSON.stringify(shown.mask);
  const receipt = JSON.stringify(shown.receipt);
  const own = await exported({ image, rle, receipt });
  equal(own.headers.get("content-type"), RTSTRUCT);
  deepEqual(await own.bytes(), file, "the very file");
  const drawn = await (await exported({ image, rle })).bytes();
  equal(
    readDicom(drawn).dataset.item(TAG.structures)!
      .text(TAG.generationAlgorithm),
    "MANUAL",
  );
  const refused = await exported({ image: files.next, rle });
  equal(refused.status, 415);
  match((await refused.json()).detail, /an RTSTRUCT: wanted a DICOM image/);
  for (const body of [files.next, toNifti([first.image])]) {
    equal(
      (await segment(app, "p", body, "?frame=0", headers(RTSTRUCT))).status,
      406,
    );
  }
  const nowhere = toDicom([first.image]);
  const lost = await segment(app, "p", nowhere, "", headers(RTSTRUCT));
  equal(lost.status, 422);
  match((await lost.json()).detail, /does not state its position/);
});
