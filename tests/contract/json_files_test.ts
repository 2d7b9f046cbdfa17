import { deepEqual, equal, match } from "node:assert/strict";
import { enrol, files, form, postJson, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { toNifti } from "../support/dicom_files.ts";
import { embeddingOf, visits } from "../support/requests.ts";
import { zipOf } from "../support/series_bodies.ts";

const base64 = (bytes: Uint8Array) => bytes.toBase64();
const inline = (bytes: Uint8Array) => ({ base64: base64(bytes) });

/** Bytes as they arrive, `size` at a time. */
function* pieces(bytes: Uint8Array<ArrayBuffer>, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.slice(at, at + size);
  }
}

Deno.test("a reference is enrolled, and an image segmented, from JSON alone", async () => {
  await using service = await openService();
  const { app } = service;
  const answer = await app.request("/v1/patients/p/references/r", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      image: inline(files.image),
      mask: inline(files.mask),
      label: "liver",
      position: 0.25,
      accepted: { by: "reader-7", at: null },
    }),
  });
  const enrolled = await answer.json();
  equal(answer.status, 201, JSON.stringify(enrolled));
  equal(enrolled.position, 0.25);
  deepEqual(enrolled.accepted, { by: "reader-7", at: null });

  const path = "/v1/patients/p/segmentations?label=liver";
  const [inJson, inBytes] = await Promise.all([
    postJson(app, path, { image: inline(files.next) }),
    segment(app, "p", files.next, "?label=liver"),
  ].map(async (answer) => (await answer).json()));
  deepEqual(inJson.mask, inBytes.mask);
});

Deno.test("every route that takes a file takes it in JSON", async () => {
  await using service = await openService();
  const { app } = service;
  const image = inline(files.image);
  const embedding = await postJson(app, "/v1/embeddings", { image });
  equal((await embedding.json()).id, await embeddingOf(app, files.image));
  const preview = await postJson(app, "/v1/previews", { image });
  equal(preview.headers.get("content-type"), "image/png");
  const mask = inline(files.mask);
  const read = await postJson(app, "/v1/masks/read", { image, mask });
  const readForm = await app.request("/v1/masks/read", {
    method: "POST",
    body: form({ image: files.image, mask: files.mask }),
  });
  const reading = await read.json();
  deepEqual(reading, await readForm.json());
  // Run lengths stand in place of a mask's file.
  const enrolled = await app.request("/v1/patients/p/references/r", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image, mask: reading.mask }),
  });
  equal(enrolled.status, 201);

  const lines = async (body: unknown) => {
    const answer = await postJson(app, "/v1/patients/p/series", body);
    equal(answer.status, 200, await answer.clone().text());
    return (await answer.text()).trim().split("\n")
      .map((line) => JSON.parse(line).segmentation.present);
  };
  deepEqual(await lines({ image: [image, inline(files.next)] }), [true, true]);
  deepEqual(await lines({ image }), [true]);
  const exported = await postJson(app, "/v1/masks/export/volume", {
    image: [inline(toNifti([visits.first.image]))],
    masks: [{ rle: reading.mask }],
  });
  equal(exported.headers.get("content-type"), "application/x-nifti");
  const archive = zipOf([
    { name: "Images/q/00.png", bytes: files.image },
    { name: "Annotations/q/00.png", bytes: files.mask },
  ]);
  const enrolments = await postJson(app, "/v1/enrolments", {
    image: inline(archive),
  });
  equal(JSON.parse(await enrolments.text()).enrolled.reference, "00");
});

Deno.test("members that are null count as left out", async () => {
  await using service = await openService();
  const { app } = service;
  const image = {
    base64: base64(files.image),
    upload: null,
    mediaType: null,
    dicomweb: null,
  };
  const left = { image, dicomweb: null };
  equal((await postJson(app, "/v1/embeddings", left)).status, 201);
  equal((await enrol(app, "p", "r")).status, 201);
  const series = { ...left, upload: null };
  equal((await postJson(app, "/v1/patients/p/series", series)).status, 200);
});

Deno.test("base64 is decoded whatever its escapes and the pieces that it comes in", async () => {
  await using service = await openService();
  const { app } = service;
  const id = await embeddingOf(app, files.image);
  const text = base64(files.image);
  const spellings = [
    text.replaceAll("/", "\\/").replaceAll("+", "\\u002B"),
    text.replace(/=+$/, ""),
    text.replace(/.{76}/g, "$&\\r\\n"),
  ];
  for (const spelling of spellings) {
    const json =
      `{ "image" : {"mediaType":"image/png", "base64" : "${spelling}"} }`;
    const bytes = new TextEncoder().encode(json);
    for (const size of [1, 7, 65_536]) {
      if (size === 1 && spelling !== spellings[0]) continue;
      const answer = await app.request("/v1/embeddings", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: ReadableStream.from(pieces(bytes, size)),
        duplex: "half",
      } as RequestInit);
      equal((await answer.json()).id, id);
    }
  }
});

Deno.test("JSON that holds no readable file is refused with its path", async () => {
  await using service = await openService();
  const { app } = service;
  const refused = async (body: unknown, wanted: RegExp, status = 422) => {
    const answer = await postJson(app, "/v1/embeddings", body);
    const problem = await answer.json();
    equal(answer.status, status, JSON.stringify(problem));
    match(problem.detail, wanted);
  };
  const text = (base64: string) => ({ image: { base64 } });
  await refused(
    text("data:image/png;base64,iVBO"),
    /image\.base64: is a data URI/,
  );
  await refused(text("iVBO_w=="), /is not base64 .* at character 5/);
  await refused(text("iVBO iVBO"), /is not base64/);
  await refused(text("iVBOR"), /is not base64/);
  await refused(text("iV==iVBO"), /is not base64/);
  await refused({ image: "iVBO" }, /body\.image: must be an object/);
  await refused({ image: { base64: "iVBO", url: "x" } }, /must be an object/);
  await refused({ photo: text("iVBO") }, /unknown field; it takes image/);
  await refused({}, /body\.image: is missing/);
  await refused("[1]", /must be an object/);
  await refused('{"image":{"base64":"iVBO', /it is not JSON/, 400);
  await refused('{"image":{"base64":"iV\\"BO"}}', /it is not JSON/, 400);
  await refused(
    { image: { base64: "", note: "x".repeat(5_100_000) } },
    /larger than 5000000 bytes, without the files/,
    413,
  );
  equal((await enrol(app, "p", "r")).status, 201);
});
