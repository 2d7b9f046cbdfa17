import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import type { EngineFor } from "../../lib/engine/work.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import {
  type Asked,
  embeddingOf,
  enrol,
  files,
  postJson,
} from "../support/requests.ts";
import { zipOf } from "../support/series_bodies.ts";
import { openService } from "../support/service.ts";

const TUS = { "tus-resumable": "1.0.0" };

async function begin(app: Asked, length: number, more = {}) {
  const answer = await app.request("/v1/uploads", {
    method: "POST",
    headers: { ...TUS, "upload-length": String(length), ...more },
  });
  return { answer, path: answer.headers.get("location") ?? "" };
}

function append(
  app: Asked,
  path: string,
  offset: number,
  body: BodyInit,
  more: Record<string, string> = {},
) {
  return app.request(path, {
    method: "PATCH",
    headers: {
      ...TUS,
      "upload-offset": String(offset),
      "content-type": "application/offset+octet-stream",
      ...more,
    },
    body,
    duplex: "half",
  } as RequestInit);
}

async function upload(app: Asked, bytes: Uint8Array<ArrayBuffer>) {
  const { path } = await begin(app, bytes.length);
  equal((await append(app, path, 0, bytes)).status, 204);
  return path.split("/").at(-1)!;
}

Deno.test("an upload speaks tus 1.0, and keeps what arrived before the connection broke", async () => {
  await using service = await openService();
  const { app } = service;
  const spoken = await app.request("/v1/uploads", { method: "OPTIONS" });
  equal(spoken.status, 204);
  equal(spoken.headers.get("tus-version"), "1.0.0");
  equal(
    spoken.headers.get("tus-extension"),
    "creation,expiration,termination",
  );

  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const { answer, path } = await begin(app, bytes.length, {
    "upload-metadata": "filename YS5wbmc=",
  });
  equal(answer.status, 201);
  equal(answer.headers.get("tus-resumable"), "1.0.0");
  ok(Date.parse(answer.headers.get("upload-expires")!) > Date.now());

  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.slice(0, 25_000));
    },
    pull(controller) {
      controller.error(new Error("The cable was pulled."));
    },
  });
  equal((await append(app, path, 0, broken)).status, 400);
  const head = await app.request(path, { method: "HEAD", headers: TUS });
  equal(head.headers.get("upload-offset"), "25000");
  equal(head.headers.get("upload-length"), "60000");
  equal(head.headers.get("upload-metadata"), "filename YS5wbmc=");
  equal(head.headers.get("cache-control"), "no-store");

  const elsewhere = await append(app, path, 0, bytes);
  equal(elsewhere.status, 409);
  match((await elsewhere.json()).detail, /at byte 25000, not 0/);
  const image = { upload: path.split("/").at(-1) };
  const early = await postJson(app, "/v1/embeddings", { image });
  equal(early.status, 422);
  match((await early.json()).detail, /25000 of 60000 bytes/);

  const rest = await append(app, path, 25_000, bytes.slice(25_000));
  equal(rest.status, 204);
  equal(rest.headers.get("upload-offset"), "60000");
  const over = await append(app, path, 60_000, new Uint8Array(1));
  equal(over.status, 413);
  const erased = await app.request(path, { method: "DELETE", headers: TUS });
  equal(erased.status, 204);
  equal((await app.request(path, { headers: TUS })).status, 404);
});

Deno.test("an upload's address stays below the path that a proxy serves", async () => {
  await using service = await openService();
  for (const path of ["/v1/uploads", "/v1/uploads/"]) {
    const answer = await service.app.request(path, {
      method: "POST",
      headers: { ...TUS, "upload-length": "1" },
    });
    const location = answer.headers.get("location")!;
    const { id } = await answer.json();
    equal(
      new URL(location, `https://example.org/edge${path}`).href,
      `https://example.org/edge/v1/uploads/${id}`,
    );
  }
});

Deno.test("a POST may state the method that a network does not let through", async () => {
  await using service = await openService();
  const { entry, secret } = mintKey("k", "a", ["encode"]);
  const access = createAuthenticator({ keys: parseKeys(entry) });
  const app = createApp(service.services, undefined, { access });
  const key = { "x-api-key": secret };
  const { path } = await begin(app, 3, key);
  const send = (method: string, more: Record<string, string>, body?: string) =>
    app.request(path, {
      method: "POST",
      headers: { ...TUS, "x-http-method-override": method, ...more },
      ...(body && { body }),
    });
  const piece = {
    ...key,
    "upload-offset": "0",
    "content-type": "application/offset+octet-stream",
  };
  const { "x-api-key": _, ...without } = piece;
  equal((await send("PATCH", without, "abc")).status, 401);
  const sent = await send("PATCH", piece, "abc");
  equal(sent.status, 204);
  equal(sent.headers.get("upload-offset"), "3");
  const head = await send("HEAD", key);
  equal(head.status, 200);
  equal(head.headers.get("upload-offset"), "3");
  equal((await send("CONNECT", key)).status, 405);
  equal((await send("DELETE", key)).status, 204);
  equal((await send("HEAD", key)).status, 404);
  // Nowhere else.
  const elsewhere = await app.request("/v1/patients/p", {
    method: "POST",
    headers: { ...key, "x-http-method-override": "DELETE" },
  });
  equal(elsewhere.status, 405);
});

Deno.test("an upload stands in place of a file, and is erased once it was used", async () => {
  await using service = await openService(":memory:", {
    OPERATOR_KEYS: stated(operatorKey("k1")),
  });
  const { app } = service;
  const ids = await Promise.all(
    [files.image, files.mask].map((bytes) => upload(app, bytes)),
  );
  const put = (label: string) =>
    app.request("/v1/patients/p/references/r", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        image: { upload: ids[0] },
        mask: { upload: ids[1] },
        label,
      }),
    });
  // What is refused uses nothing up.
  equal((await put("*")).status, 422);
  equal((await put("target")).status, 201);
  const again = await put("target");
  equal(again.status, 404);
  match((await again.json()).detail, /no upload of this id/);

  const series = await upload(
    app,
    zipOf([{ name: "1.png", bytes: files.next }]),
  );
  const answer = await postJson(app, "/v1/patients/p/series", {
    upload: series,
  });
  equal(answer.status, 200);
  const line = JSON.parse((await answer.text()).trim());
  equal(line.name, "1.png");
  ok(line.segmentation.mask.area > 0);

  const { id } = await (await postJson(app, "/v1/embeddings", {
    image: { upload: await upload(app, files.image) },
  })).json();
  equal(id, await embeddingOf(app, files.image));
});

Deno.test("an upload outlives an answer that breaks off, and one that failed in part", async (t) => {
  await using service = await openService();
  const { app, services } = service;
  equal((await enrol(app, "p", "r")).status, 201);

  await t.step("lines go on from a cursor", async () => {
    const zip = zipOf([
      { name: "1.png", bytes: files.next },
      { name: "2.png", bytes: files.image },
    ]);
    const body = { upload: await upload(app, zip) };
    const path = "/v1/patients/p/series";
    const reader = (await postJson(app, path, body)).body!.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    const { cursor } = JSON.parse(new TextDecoder().decode(value));
    const rest = await postJson(app, `${path}?cursor=${cursor}`, body);
    equal(rest.status, 200);
    equal(JSON.parse(await rest.text()).name, "2.png");
    equal((await postJson(app, path, body)).status, 404);
  });

  await t.step("a server that stops", async () => {
    const body = {
      upload: await upload(app, zipOf([{ name: "1.png", bytes: files.next }])),
    };
    const closing = AbortSignal.abort();
    const stopping = createApp({ ...services, closing });
    const path = "/v1/patients/p/series";
    await (await postJson(stopping, path, body)).text();
    equal((await postJson(app, path, body)).status, 200);
  });

  await t.step("a label of several is refused for now", async () => {
    let isBusy = true;
    const served = services.models.default;
    const engineFor: EngineFor = (work) => {
      const engine = served.engineFor(work);
      return {
        ...engine,
        enrol: (...args) => {
          if (isBusy) throw new EdgeError("too-late", "Out of time.");
          return engine.enrol(...args);
        },
      };
    };
    const models = createCatalogue([{ ...served, engineFor }]);
    const hurried = createApp({ ...services, models });
    const image = { upload: await upload(app, files.image) };
    const mask = { upload: await upload(app, files.mask) };
    const send = async () => {
      const answer = await hurried.request("/v1/patients/q/references/r", {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ image, mask, labels: { 255: "liver" } }),
      });
      return { status: answer.status, body: await answer.json() };
    };
    const first = await send();
    equal(first.status, 207);
    equal(first.body.labels[0].problem.type, "/problems/too-late");
    isBusy = false;
    equal((await send()).body.labels[0].enrolled.label, "liver");
    equal((await send()).status, 404);
  });
});

Deno.test("uploads are bounded in bytes and time, and are their tenant's own", async () => {
  await using service = await openService(":memory:", {
    UPLOAD_BYTES: "100000",
  });
  const { app, services } = service;
  const first = await begin(app, 60_000);
  const second = await begin(app, 60_000);
  equal(second.answer.status, 409);
  match((await second.answer.json()).detail, /may take 100000 bytes/);
  await app.request(first.path, { method: "DELETE", headers: TUS });
  const third = await begin(app, 60_000);
  equal(third.answer.status, 201);
  const id = third.path.split("/").at(-1)!;
  equal(await services.uploads.find("another", id), null);
  ok(await services.uploads.find("default", id) !== undefined);

  const huge = await begin(app, 10 ** 12);
  equal(huge.answer.status, 413);
  const none = await begin(app, 1, { "tus-resumable": "0.2.0" });
  equal(none.answer.status, 412);
  equal(none.answer.headers.get("tus-version"), "1.0.0");
  const wrong = await append(app, third.path, 0, files.image, {
    "content-type": "image/png",
  });
  equal(wrong.status, 415);
  deepEqual((await enrol(app, "p", "r")).status, 201);
});

Deno.test("an upload that was not used is erased after a day", async () => {
  const { RecordStore } = await import(
    "../../lib/store/records/record_store.ts"
  );
  const { createUploadStore } = await import(
    "../../lib/store/uploads/upload_store.ts"
  );
  using kv = await Deno.openKv(":memory:");
  let now = 1_000_000;
  const records = new RecordStore(kv, { now: () => now });
  const uploads = createUploadStore(records, 1000);
  await uploads.create("t", "a", 900, null);
  await uploads.append("t", "a", 0, new Uint8Array(900));
  now += 86_400_001;
  equal(await uploads.find("t", "a"), null);
  await uploads.create("u", "a", 900, null);
  const list = ["uploads", "u", "uploads:"];
  const { versionstamp } = await kv.get(list);
  // A tenant whose list cannot be read does not keep the others' uploads.
  const unreadable = { version: "v", chunks: 0, record: { x: null } };
  await kv.set(["uploads", "a", "uploads:"], unreadable);
  await rejects(uploads.sweep());
  equal((await kv.get(list)).versionstamp, versionstamp, "nothing expired");
  const left = await Array.fromAsync(kv.list({ prefix: [] }));
  deepEqual(
    left.filter(({ key: [kind, tenant] }) =>
      kind === "chunk" || (kind === "upload" && tenant === "t")
    ),
    [],
  );
  await uploads.create("t", "b", 900, null);
});
