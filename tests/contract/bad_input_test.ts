import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Services } from "../../functions/services.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { writeSafetensors } from "../../lib/format/safetensors.ts";
import {
  embeddingOf,
  enrol,
  files,
  form,
  postJson,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";

/** How often each operation of the engine succeeded. */
async function finished(
  { telemetry }: Services,
): Promise<Record<string, number>> {
  const { values } = await telemetry.metrics.operations.get();
  const counts = values.filter(({ metricName, labels }) =>
    metricName?.endsWith("_count") && labels.outcome === "ok"
  );
  return Object.fromEntries(
    counts.map(({ labels, value }) => [labels.operation, value]),
  );
}

const text = (content: string) => new TextEncoder().encode(content);
const { width, height } = visits.first.image;

/** A PNG whose header claims 20,000 × 20,000 pixels. */
function bomb(): Uint8Array<ArrayBuffer> {
  const bytes = files.image.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 20000);
  view.setUint32(20, 20000);
  view.setUint32(29, crc32(bytes.subarray(12, 29)));
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function maskOf(
  side: number,
  inside: (i: number) => boolean,
): Uint8Array<ArrayBuffer> {
  const data = Uint8Array.from(
    { length: side * side },
    (_, i) => inside(i) ? 255 : 0,
  );
  return encodePng({ width: side, height: side, channels: 1, data });
}

/** Everything in a KV file but the audit trail: keys, and the versionstamp of each. */
async function contents(kv: Deno.Kv): Promise<string[]> {
  const found = [];
  for await (const { key, versionstamp } of kv.list({ prefix: [] })) {
    if (key[0] !== "audit") found.push(`${key.join(" ")} ${versionstamp}`);
  }
  return found;
}

Deno.test("bad input", async (t) => {
  const folder = await Deno.makeTempDir();
  await using service = await openService(`${folder}/edge.kv`);
  using kv = await Deno.openKv(`${folder}/edge.kv`);
  const { app, services } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const id = await embeddingOf(app, files.image);
  const before = await contents(kv);
  const { embed: encoded } = await finished(services);

  /** Sends a request, and checks its problem document, that no engine worked and that nothing was stored. */
  const refuses = (
    name: string,
    status: number,
    code: string,
    detail: RegExp,
    ask: () => Response | Promise<Response>,
  ) =>
    t.step(`${name}: ${status} ${code}`, async () => {
      const { embed: _, ...done } = await finished(services);
      const response = await ask();
      const problem = await response.json();
      equal(response.status, status, JSON.stringify(problem));
      equal(response.headers.get("content-type"), "application/problem+json");
      equal(problem.type, `/problems/${code}`);
      equal(problem.status, status);
      match(problem.detail, detail);
      equal(problem.instance, response.headers.get("x-request-id"));
      ok(problem.title.length > 0);
      const { embed: __, ...since } = await finished(services);
      deepEqual(since, done);
      deepEqual(await contents(kv), before);
    });

  const mask = files.mask;
  // An image that the cache does not hold, so that storing it would show.
  const fresh = visits.first.image.data.slice();
  fresh[0] ^= 1;
  const image = encodePng({ ...visits.first.image, data: fresh });
  const jpeg = await Deno.readFile(
    new URL("../parity/golden/images/rgb-420.jpg", import.meta.url),
  );
  const segments = (body: Uint8Array<ArrayBuffer>, type = "image/png") =>
    segment(app, "p", body, "", { "content-type": type });
  const draws = (prompts: string) => enrol(app, "q", "r", { image, prompts });
  const decodes = (prompt: unknown) =>
    postJson(app, "/v1/masks", {
      embedding: id,
      ...prompt as Record<string, unknown>,
    });

  // Images.
  await refuses(
    "empty body",
    400,
    "empty",
    /0 bytes/,
    () => segments(new Uint8Array()),
  );
  await refuses(
    "truncated PNG",
    422,
    "truncated",
    /PNG/,
    () => segments(image.slice(0, 3000)),
  );
  await refuses(
    "truncated JPEG",
    422,
    "truncated",
    /JPEG/,
    () => segments(jpeg.slice(0, jpeg.length / 2), "image/jpeg"),
  );
  await refuses(
    "PNG bomb",
    413,
    "too-large",
    /20,?000/,
    () => segments(bomb()),
  );
  await refuses(
    "text as image",
    415,
    "unsupported-type",
    /wanted PNG, JPEG, .+ DICOM, NIfTI, NRRD or MetaImage/,
    () => segments(text("no image")),
  );
  await refuses(
    "text",
    415,
    "unsupported-type",
    /./,
    () => segments(text("no image"), "text/plain"),
  );
  await refuses(
    "a zip archive",
    415,
    "unsupported-type",
    /a zip archive; send one image/,
    () => segments(text("PK\x03\x04, for example"), "application/zip"),
  );

  // Masks.
  await refuses(
    "mask of another size",
    422,
    "invalid-input",
    /64×64.*384×384/,
    () => enrol(app, "q", "r", { image, mask: maskOf(64, (i) => i < 99) }),
  );
  await refuses(
    "empty mask",
    422,
    "invalid-input",
    /empty/,
    () => enrol(app, "q", "r", { image, mask: maskOf(width, () => false) }),
  );
  await refuses(
    "full mask",
    422,
    "invalid-input",
    /whole image/,
    () => enrol(app, "q", "r", { image, mask: maskOf(width, () => true) }),
  );
  await refuses(
    "one-pixel mask",
    422,
    "annotation-too-small",
    /0 of \d+ patches; draw a larger region/,
    () =>
      enrol(app, "q", "r", { image, mask: maskOf(width, (i) => i === 70_000) }),
  );
  await refuses(
    "truncated mask",
    422,
    "truncated",
    /PNG/,
    () => enrol(app, "q", "r", { image, mask: mask.slice(0, 150) }),
  );

  // Coordinates.
  const far = (value: string) => `{"points":[{"x":${value},"y":5,"label":1}]}`;
  await refuses(
    "NaN",
    400,
    "malformed-request",
    /not JSON/,
    () => draws(far("NaN")),
  );
  await refuses(
    "infinite",
    422,
    "validation",
    /points\.0\.x/,
    () => draws(far("1e999")),
  );
  await refuses(
    "negative",
    422,
    "validation",
    /points\.0\.x/,
    () => draws(far("-1")),
  );
  await refuses(
    "text for a number",
    422,
    "validation",
    /points\.0\.x/,
    () => draws(far('"3"')),
  );
  await refuses(
    "out of range",
    422,
    "validation",
    /384×384/,
    () => draws(far("384")),
  );
  await refuses(
    "no prompt",
    422,
    "validation",
    /at least one/,
    () => draws("{}"),
  );
  await refuses(
    "box inside out",
    422,
    "validation",
    /box/,
    () => decodes({ box: [9, 9, 3, 3] }),
  );
  await refuses(
    "box out of range",
    422,
    "validation",
    /body\.box/,
    () => decodes({ box: [0, 0, 3, height] }),
  );
  await refuses(
    "mask prompt of another size",
    422,
    "invalid-input",
    /2×2/,
    () => decodes({ mask: { size: [2, 2], counts: "4" } }),
  );
  await refuses(
    "mask prompt of huge size",
    422,
    "invalid-input",
    /./,
    () => decodes({ mask: { size: [99999999, 99999999], counts: "4" } }),
  );
  await refuses(
    "too many points",
    422,
    "validation",
    /points/,
    () => decodes({ points: new Array(65).fill({ x: 1, y: 1, label: 1 }) }),
  );

  // Names.
  await refuses(
    "unknown patient",
    404,
    "not-found",
    /enrol/,
    () => segment(app, "q"),
  );
  await refuses(
    "unknown label",
    404,
    "not-found",
    /label/,
    () => segment(app, "p", files.next, "?label=liver"),
  );
  const path = "/v1/patients/p/segmentations";
  await refuses(
    "unknown embedding",
    404,
    "not-found",
    /send the image again/,
    () => postJson(app, path, { embedding: "0".repeat(64) }),
  );
  await refuses(
    "malformed embedding id",
    422,
    "validation",
    /body\.embedding/,
    () => postJson(app, path, { embedding: "../x" }),
  );
  await refuses(
    "200-character id",
    422,
    "validation",
    /path\.patient/,
    () => enrol(app, "x".repeat(200), "r"),
  );
  await refuses(
    "encoded slash in an id",
    422,
    "validation",
    /path\.patient/,
    () => enrol(app, "a%2Fb", "r"),
  );
  await refuses(
    "slash in an id",
    404,
    "no-route",
    /PUT/,
    () => enrol(app, "a/b", "r"),
  );
  await refuses(
    "encoded dots",
    422,
    "validation",
    /path\.reference/,
    () => enrol(app, "q", "a%00b"),
  );

  // Bodies.
  await refuses(
    "no JSON",
    400,
    "malformed-request",
    /JSON/,
    () => postJson(app, "/v1/masks", "{"),
  );
  await refuses(
    "no JSON type",
    415,
    "unsupported-type",
    /wanted application\/json, got text\/plain/,
    () =>
      app.request("/v1/masks", {
        method: "POST",
        body: "{}",
        headers: { "content-type": "text/plain" },
      }),
  );
  await refuses(
    "no multipart",
    415,
    "unsupported-type",
    /multipart/,
    () =>
      app.request("/v1/patients/q/references/r", {
        method: "PUT",
        body: image,
        headers: { "content-type": "image/png" },
      }),
  );
  await refuses(
    "cut multipart",
    400,
    "malformed-request",
    /not a complete multipart body/,
    () =>
      app.request("/v1/patients/q/references/r", {
        method: "PUT",
        body: '--b\r\ncontent-disposition: form-data; name="mask"\r\n\r\nabc',
        headers: { "content-type": "multipart/form-data; boundary=b" },
      }),
  );
  await refuses(
    "no image",
    422,
    "validation",
    /either image or embedding/,
    () => enrol(app, "q", "r", { mask }),
  );
  await refuses(
    "mask and prompts",
    422,
    "validation",
    /either mask, prompts or rle/,
    () => enrol(app, "q", "r", { image, mask, prompts: far("3") }),
  );
  await refuses(
    "unknown field",
    422,
    "validation",
    /unknown/,
    () => enrol(app, "q", "r", { image, mask, maks: mask }),
  );
  await refuses(
    "position out of range",
    422,
    "validation",
    /body\.position/,
    () => enrol(app, "q", "r", { image, mask, position: "1.5" }),
  );
  await refuses(
    "image as text",
    422,
    "validation",
    /body\.image/,
    () => enrol(app, "q", "r", { image: "abc", mask }),
  );
  await refuses(
    "unknown recipe",
    422,
    "validation",
    /query\.recipe/,
    () => segment(app, "p", files.next, "?recipe=x"),
  );
  await refuses(
    "misspelt query",
    422,
    "validation",
    /lable/,
    () => segment(app, "p", files.next, "?lable=liver"),
  );
  await refuses(
    "wrong method",
    405,
    "no-method",
    /DELETE, GET, HEAD, PUT|DELETE, GET, HEAD/,
    () => app.request("/v1/patients/p", { method: "POST" }),
  );
  await refuses(
    "DICOM answer",
    406,
    "not-acceptable",
    /image\/png/,
    () => segment(app, "p", files.next, "", { accept: "application/dicom" }),
  );
  await refuses(
    "body too large",
    413,
    "too-many-bytes",
    /\d+ bytes/,
    () => segments(new Uint8Array(services.maxBytes + 1)),
  );
  await refuses(
    "body too large, for a reference named series",
    413,
    "too-many-bytes",
    /\d+ bytes/,
    () =>
      enrol(app, "q", "series", {
        image: new Uint8Array(services.maxBytes + 1),
        mask,
      }),
  );

  await refuses(
    "JSON too large",
    413,
    "too-many-bytes",
    /5000000 bytes/,
    () => postJson(app, "/v1/masks", "[".repeat(5_000_001)),
  );

  // Embeddings made by a client.
  const { digest, embedding: { channels, grid } } =
    services.models.default.manifest;
  const tensor = (
    metadata: Record<string, string>,
    dims: number[],
    value = 0,
  ) => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const data = new Float32Array(size).fill(value);
    return writeSafetensors({
      metadata,
      tensors: { image_embeddings: { dims, data } },
    }, () => "F32");
  };
  const uploads = (body: Uint8Array<ArrayBuffer>) =>
    segments(body, "application/x-safetensors");
  const meta = { model: digest, width: "64", height: "64" };
  const dims = [1, channels, grid, grid];
  await refuses(
    "empty tensor file",
    422,
    "invalid-input",
    /bytes/,
    () => uploads(text("")),
  );
  await refuses(
    "text as tensor",
    422,
    "invalid-input",
    /header/,
    () => uploads(text("x".repeat(99))),
  );
  await refuses(
    "cut tensor",
    422,
    "invalid-input",
    /bytes, but it has \d+ for them/,
    () => uploads(tensor(meta, dims).slice(0, 9999)),
  );
  await refuses(
    "tensor of another shape",
    422,
    "invalid-input",
    /shape/,
    () => uploads(tensor(meta, [1, 2, grid, grid])),
  );
  await refuses(
    "tensor with NaN",
    422,
    "invalid-input",
    /finite/,
    () => uploads(tensor(meta, dims, NaN)),
  );
  await refuses(
    "tensor that float16 cannot hold",
    422,
    "invalid-input",
    /float16/,
    () => uploads(tensor(meta, dims, 1e30)),
  );
  await refuses(
    "tensor with a companion",
    422,
    "invalid-input",
    /needs the tensors image_embeddings, and has 2/,
    () => {
      const data = new Float32Array(channels * grid * grid);
      const tensors = {
        image_embeddings: { dims, data },
        point_coords: { dims: [1], data: Float32Array.of(1) },
      };
      return uploads(
        writeSafetensors({ metadata: meta, tensors }, () => "F16"),
      );
    },
  );
  await refuses(
    "tensor without sizes",
    422,
    "invalid-input",
    /width/,
    () => uploads(tensor({ model: digest }, dims)),
  );
  await refuses(
    "tensor of another model",
    409,
    "model-mismatch",
    /another model/,
    () => uploads(tensor({ ...meta, model: "0".repeat(64) }, dims)),
  );

  await t.step(
    "one image was encoded, once, to check annotations of it",
    async () => {
      equal((await finished(services)).embed, encoded + 1);
    },
  );

  await t.step(
    "an annotation of another model: 409, and what to do",
    async () => {
      const { reference, profile } = (await services.profiles.get(
        "default",
        "p",
        "r",
      ))!;
      const old = { ...reference, patient: "old", model: "0".repeat(64) };
      await services.profiles.put("default", { reference: old, profile });
      const response = await segment(app, "old");
      equal(response.status, 409);
      match((await response.json()).detail, /enrol the annotated image again/);
    },
  );

  await t.step("the server still answers", async () => {
    equal((await segment(app, "p")).status, 200);
  });

  await Deno.remove(folder, { recursive: true });

  await t.step("a problem's type can be looked up", async () => {
    const problem = await (await app.request("/problems/annotation-too-small"))
      .json();
    equal(problem.status, 422);
    equal((await app.request("/problems/constructor")).status, 404);
  });
});

Deno.test("a full queue answers 503 with Retry-After, and the accepted requests are served", async () => {
  await using service = await openService(":memory:", { QUEUE: "2" });
  const { app } = service;
  const bodies = Array.from({ length: 12 }, (_, i) => {
    const image = {
      ...visits.first.image,
      data: visits.first.image.data.slice(),
    };
    image.data[0] = i;
    return encodePng(image);
  });
  const responses = await Promise.all(
    bodies.map((body) =>
      app.request("/v1/embeddings", { method: "POST", body })
    ),
  );
  const statuses = responses.map(({ status }) => status);
  const refused = responses.filter(({ status }) => status === 503);
  equal(statuses.filter((status) => status === 201).length, 3);
  equal(refused.length, 9);
  for (const response of refused) {
    ok(Number(response.headers.get("retry-after")) > 0);
    equal((await response.json()).type, "/problems/busy");
  }
  equal((await enrol(app, "p", "r")).status, 201);
  equal(
    (await app.request("/v1/embeddings", {
      method: "POST",
      body: form({ image: files.image }),
    })).status,
    200,
  );
});
