import { equal, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { NEEDS } from "../../functions/middleware/scopes.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import type { AuditEntry } from "../../lib/store/audit/hash_chain.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { embeddingOf, enrol, files } from "../support/requests.ts";
import { openService } from "../support/service.ts";

/** Headers that differ between any two answers. */
const OWN = ["date", "x-request-id"];

function headersOf(answer: Response): string {
  return Array.from(answer.headers)
    .filter(([name]) => !OWN.includes(name) && name !== "content-length")
    .sort().join("\n");
}

Deno.test("HEAD answers like GET, without the content", async (t) => {
  await using service = await openService(":memory:", {
    OPERATOR_KEYS: stated(operatorKey("k1")),
    SIGNING_KEY: btoa("s".repeat(32)),
  });
  const { app, services } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const id = await embeddingOf(app, files.next);

  await t.step("on every route", async () => {
    // Of an upload, HEAD is a call of tus, with a header of its own.
    const gets = Object.keys(NEEDS).filter((route) =>
      route.startsWith("GET ") && !route.includes("/uploads/")
    );
    const paths = [
      ...gets.map((route) =>
        route.slice(4).replace(":patient", "p").replace(":reference", "r")
          .replace(":label", "target").replace(":id", id)
          .replace(":code", "busy").replace("page/:file", "page/main.js")
          .replace("sample/:file", "sample/visit-1.png")
          .replace("libraries/:path{.+}", "libraries/idb/build/index.js")
          .replace("docs/:file", "docs/swagger-ui.css")
      ),
      "/v1/patients/q",
      "/v1/patients/a%2Fb",
      "/v1/audit?limit=1",
      "/v1/masks",
      "/page/none.js",
      "/nothing",
    ];
    for (const path of paths) {
      const get = await app.request(path);
      const head = await app.request(path, { method: "HEAD" });
      equal(head.status, get.status, path);
      equal(headersOf(head), headersOf(get), path);
      equal(head.body, null, path);
      const { byteLength } = await get.arrayBuffer();
      const stated = Number(head.headers.get("content-length"));
      // Numbers and times change from one answer to the next, and a refusal may name the method.
      const differs = /metrics|audit|export/.test(path)
        ? stated * 0.2
        : get.status >= 404
        ? 1
        : 0;
      ok(Math.abs(stated - byteLength) <= differs, `${path}: ${stated}`);
      ok(stated > 0 || byteLength === 0, path);
    }
  });

  await t.step("where nothing has changed since", async () => {
    const answer = await app.request(`/v1/embeddings/${id}`, {
      method: "HEAD",
      headers: { "if-none-match": `"${id}"` },
    });
    equal(answer.status, 304);
    equal(answer.headers.get("content-length"), null);
  });

  await t.step("over a connection", async () => {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      app.fetch,
    );
    const root = `http://127.0.0.1:${server.addr.port}`;
    for (const path of ["/healthz", "/openapi.json", "/v1/patients/q"]) {
      const head = await fetch(root + path, { method: "HEAD" });
      const get = await fetch(root + path);
      equal(head.status, get.status);
      const { byteLength } = await get.arrayBuffer();
      equal(head.headers.get("content-length"), String(byteLength));
      equal((await head.arrayBuffer()).byteLength, 0);
    }
  });

  await t.step("to the same callers", async () => {
    const { entry, secret } = mintKey("k", "a", ["read"]);
    const access = createAuthenticator({ keys: parseKeys(entry) });
    const closed = createApp(services, undefined, { access });
    const statusOf = async (path: string, headers: HeadersInit = {}) =>
      (await closed.request(path, { method: "HEAD", headers })).status;
    const key = { "x-api-key": secret };
    equal(await statusOf("/v1/patients/p"), 401);
    equal(await statusOf("/v1/patients/p", key), 404);
    equal(await statusOf("/metrics"), 401);
    equal(await statusOf("/metrics", key), 403);
    equal(await statusOf("/v1/audit", key), 403);
    equal(await statusOf("/healthz"), 200);
  });

  await t.step("and is named in the audit trail", async () => {
    await app.request("/v1/patients/p", { method: "HEAD" });
    await app.request("/v1/models", { method: "HEAD" });
    const text = await (await app.request("/v1/audit?patient=p")).text();
    const entries: AuditEntry[] = text.trim().split("\n")
      .map((line) => JSON.parse(line));
    equal(entries.at(-1)?.operation, "HEAD /v1/patients/:patient");
    ok(!entries.some(({ operation }) => operation.includes("models")));
  });

  await t.step("and is among the methods of an address", async () => {
    const answer = await app.request("/v1/models", { method: "DELETE" });
    equal(answer.status, 405);
    equal(answer.headers.get("allow"), "GET, HEAD");
    await answer.body?.cancel();
  });
});
