import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readSafetensors } from "../../lib/format/safetensors.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { dice } from "../../lib/core/mask.ts";
import { linesOf, seriesForm } from "./series_bodies.ts";
import {
  type Asked,
  embeddingOf,
  enrol,
  files,
  postJson,
  segment,
  visits,
} from "./requests.ts";

/**
 * Tests the HTTP contract end to end, from enrolment to erasure, on an empty service, however it is deployed.
 */
export async function testEndToEnd(t: Deno.TestContext, app: Asked) {
  const { models: [served] } = await (await app.request("/v1/models")).json();

  await t.step("enrolling answers 201, then 200 when it replaces", async () => {
    const created = await enrol(app, "p-1", "visit-1");
    equal(created.status, 201);
    const document = await created.json();
    equal(document.patient, "p-1");
    equal(document.label, "target");
    deepEqual(document.image, { width: 384, height: 384 });
    ok(document.patches > 10);
    equal((await enrol(app, "p-1", "visit-1")).status, 200);
  });

  await t.step("the next visit comes back segmented", async () => {
    const response = await segment(app, "p-1");
    equal(response.status, 200);
    ok(response.headers.get("x-request-id"));
    const answer = await response.json();
    equal(answer.present, true);
    equal(answer.reference, "visit-1");
    equal(answer.points.length, answer.parts + answer.negatives);
    const mask = decodeRle(answer.mask);
    equal(mask.data.filter((value) => value !== 0).length, answer.mask.area);
    const score = dice(mask.data, visits.second.mask.data);
    ok(score > 0.5, `Dice ${score}`);
    equal("candidates" in answer, false);
  });

  await t.step(
    "explain shows every candidate, and the winner is the nearest",
    async () => {
      const answer =
        await (await segment(app, "p-1", files.next, "?explain=true")).json();
      deepEqual(answer.candidates.map((c: { parts: number }) => c.parts), [
        1,
        2,
        3,
        4,
        5,
      ]);
      const distances = answer.candidates.map((
        c: { distance: number | null },
      ) => c.distance ?? Infinity);
      equal(answer.distance, Math.min(...distances));
    },
  );

  await t.step("image/png is the same mask", async () => {
    const answer = await (await segment(app, "p-1")).json();
    const response = await segment(app, "p-1", files.next, "", {
      accept: "image/png",
    });
    equal(response.headers.get("content-type"), "image/png");
    const mask = await decodeMask(await response.bytes(), { maxPixels: 1e6 });
    deepEqual(mask, decodeRle(answer.mask));
  });

  await t.step("two identical requests give identical masks", async () => {
    const once = await (await segment(app, "p-1")).json();
    const twice = await (await segment(app, "p-1")).json();
    deepEqual(once.mask, twice.mask);
    deepEqual(once.points, twice.points);
    equal(once.distance, twice.distance);
  });

  await t.step(
    "an embedding is made once, read back, and stands for its image",
    async () => {
      const post = (headers: Record<string, string> = {}) =>
        app.request("/v1/embeddings", {
          method: "POST",
          body: files.next,
          headers,
        });
      const first = await post({ "content-type": "image/png" });
      equal(first.status, 200, "the segmentation before has cached it");
      const { id, model, image, expiresAt } = await first.json();
      match(id, /^[0-9a-f]{64}$/);
      equal(model.digest, served.digest);
      deepEqual(image, { width: 384, height: 384 });
      ok(Date.parse(expiresAt) > Date.now());

      const read = await app.request(`/v1/embeddings/${id}`);
      match(read.headers.get("cache-control")!, /immutable/);
      const etag = read.headers.get("etag")!;
      const bytes = await read.bytes();
      const { metadata, tensors } = readSafetensors(bytes);
      equal(metadata.model, served.digest);
      equal(tensors.image_embeddings.dims.length, 4);
      const again = await app.request(`/v1/embeddings/${id}`, {
        headers: { "if-none-match": etag },
      });
      equal(again.status, 304);
      const tensor = await post({ accept: "application/x-safetensors" });
      deepEqual(await tensor.bytes(), bytes);

      const byImage = await (await segment(app, "p-1")).json();
      const path = "/v1/patients/p-1/segmentations";
      const byId = await (await postJson(app, path, { embedding: id })).json();
      deepEqual(byId.mask, byImage.mask);
      const upload = { "content-type": "application/x-safetensors" };
      const byTensor = await (await segment(app, "p-1", bytes, "", upload))
        .json();
      deepEqual(byTensor.mask, byImage.mask);
    },
  );

  await t.step(
    "the prompt function proposes what a segmentation uses",
    async () => {
      const id = await embeddingOf(app, files.next);
      const { candidates } =
        await (await postJson(app, "/v1/patients/p-1/prompts", {
          embedding: id,
        })).json();
      const explained =
        await (await segment(app, "p-1", files.next, "?explain=true")).json();
      deepEqual(
        candidates.map((c: { points: unknown }) => c.points),
        explained.candidates.map((c: { points: unknown }) => c.points),
      );
    },
  );

  await t.step(
    "the decode function follows clicks, boxes and masks",
    async () => {
      const id = await embeddingOf(app, files.image);
      const decode = async (prompt: Record<string, unknown>) => {
        const body = { embedding: id, ...prompt };
        const response = await postJson(app, "/v1/masks", body);
        equal(response.status, 200);
        const { mask } = await response.json();
        return {
          rle: { size: mask.size, counts: mask.counts },
          dice: dice(decodeRle(mask).data, visits.first.mask.data),
        };
      };
      const box = [212, 114, 270, 162];
      const boxed = await decode({ box });
      ok(boxed.dice > 0.7, `Dice with a box ${boxed.dice}`);
      const click = { x: 242, y: 138, label: 1 };
      const clicked = await decode({ points: [click] });
      const elsewhere = await decode({
        points: [{ ...click, x: 100, y: 300 }],
      });
      ok(clicked.dice > elsewhere.dice, "the mask follows the click");
      const refined = await decode({ points: [click], mask: boxed.rle });
      ok(refined.rle.counts !== clicked.rle.counts, "an earlier mask counts");
      ok(refined.dice > 0.5, `Dice with the box's mask ${refined.dice}`);
    },
  );

  await t.step(
    "a reference can be drawn with a box, from an embedding",
    async () => {
      const id = await embeddingOf(app, files.image);
      const prompts = JSON.stringify({ points: [], box: [212, 114, 270, 162] });
      const created = await enrol(app, "p-2", "drawn", {
        embedding: id,
        prompts,
        position: "0.5",
      });
      equal(created.status, 201);
      equal((await created.json()).position, 0.5);
      equal((await segment(app, "p-2")).status, 200);
    },
  );

  await t.step("a series gives each image the same answer", async () => {
    const response = await app.request("/v1/patients/p-1/series", {
      method: "POST",
      body: seriesForm([files.next, files.next.slice(0, 3000), files.image]),
    });
    equal(response.status, 200);
    const lines = await Array.fromAsync(linesOf(response));
    deepEqual(lines.map(({ index }) => index), [0, 1, 2]);
    equal(lines[1].problem.type, "/problems/truncated");
    for (const [i, image] of [[0, files.next], [2, files.image]] as const) {
      const single = await (await segment(app, "p-1", image)).json();
      deepEqual(lines[i].segmentation.mask, single.mask);
      equal(lines[i].segmentation.distance, single.distance);
    }
  });

  await t.step("labels are kept apart", async () => {
    const liver = { image: files.image, mask: files.mask, label: "liver" };
    equal((await enrol(app, "p-3", "a", liver)).status, 201);
    equal((await segment(app, "p-3")).status, 404);
    equal(
      (await (await segment(app, "p-3", files.next, "?label=liver")).json())
        .label,
      "liver",
    );
  });

  await t.step("patients are read and erased", async () => {
    const patient = await (await app.request("/v1/patients/p-1")).json();
    deepEqual(
      patient.references.map((r: { reference: string }) => r.reference),
      ["visit-1"],
    );
    const path = "/v1/patients/p-1/references/visit-1";
    equal((await app.request(path)).status, 200);
    equal((await app.request(path, { method: "DELETE" })).status, 204);
    equal((await app.request(path)).status, 404);
    for (const whole of ["/v1/patients/p-1", "/v1/patients/p-3"]) {
      equal((await app.request(whole, { method: "DELETE" })).status, 204);
      equal((await app.request(whole)).status, 404);
    }
    equal((await segment(app, "p-3")).status, 404);
  });

  await t.step("models, health, documents", async () => {
    const { models } = await (await app.request("/v1/models")).json();
    equal(models[0].digest, served.digest);
    deepEqual(await (await app.request("/healthz")).json(), { status: "ok" });
    equal((await (await app.request("/readyz")).json()).status, "ready");
    const openapi = await (await app.request("/openapi.json")).json();
    deepEqual(Object.keys(openapi.paths).sort(), [
      "/healthz",
      "/metrics",
      "/readyz",
      "/v1/archive/instances",
      "/v1/archive/series",
      "/v1/audit",
      "/v1/embeddings",
      "/v1/embeddings/{id}",
      "/v1/enrolments",
      "/v1/images/read",
      "/v1/masks",
      "/v1/masks/export",
      "/v1/masks/export/volume",
      "/v1/masks/read",
      "/v1/models",
      "/v1/patients",
      "/v1/patients/{patient}",
      "/v1/patients/{patient}/export",
      "/v1/patients/{patient}/import",
      "/v1/patients/{patient}/labels/{label}/revisions",
      "/v1/patients/{patient}/labels/{label}/revisions/{revision}/restore",
      "/v1/patients/{patient}/prompts",
      "/v1/patients/{patient}/references/{reference}",
      "/v1/patients/{patient}/segmentations",
      "/v1/patients/{patient}/series",
      "/v1/previews",
      "/v1/receipts/replay",
      "/v1/uploads",
      "/v1/uploads/{id}",
    ]);
    match(await (await app.request("/docs")).text(), /swagger-ui-bundle/);
    const script = await app.request("/docs/swagger-ui-bundle.js");
    ok((await script.text()).length > 100_000);
    const home = await app.request("/", { redirect: "manual" });
    match(home.headers.get("content-security-policy")!, /default-src 'none'/);
  });
}
