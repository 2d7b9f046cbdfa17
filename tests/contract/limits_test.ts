import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type AppOptions, createApp } from "../../functions/app.ts";
import type { Services } from "../../functions/services.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import { SCOPES } from "../../lib/access/caller.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import { createEmbedder } from "../../lib/engine/embedder.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { createMemoryEmbeddings } from "../../lib/store/embeddings/embedding_store.ts";
import { enrol, files, segment, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

/** A service of three tenants, a to c, each with a key. */
function closed(services: Services, options: AppOptions = {}) {
  const minted = ["a", "b", "c"].map((name) => mintKey(name, name, SCOPES));
  const keys = parseKeys(minted.map(({ entry }) => entry).join());
  const access = createAuthenticator({ keys });
  const app = createApp(services, undefined, { ...options, access });
  const [a, b, c] = minted.map(({ secret }) => ({ "x-api-key": secret }));
  return { app, a, b, c };
}

/** That a request was refused, for now, and says so. */
async function refusedForNow(response: Response, status: number, type: string) {
  const problem = await response.json();
  equal(response.status, status, JSON.stringify(problem));
  equal(problem.type, `/problems/${type}`);
  const after = Number(response.headers.get("retry-after"));
  ok(after >= 1 && after <= 60, `Retry-After: ${after}`);
  return { detail: problem.detail as string, after };
}

Deno.test("a key has a quota, learns what is left of it, and does not use another's", async () => {
  await using service = await openService();
  const { app, a, b } = closed(service.services, { requestsPerMinute: 3 });
  const ask = (headers: HeadersInit) => app.request("/v1/models", { headers });
  for (const left of [2, 1, 0]) {
    const response = await ask(a);
    equal(response.status, 200);
    equal(response.headers.get("ratelimit-policy"), '"requests";q=3;w=60');
    const field = response.headers.get("ratelimit")!;
    match(field, new RegExp(`^"requests";r=${left};t=\\d+$`));
  }
  const { detail, after } = await refusedForNow(
    await ask(a),
    429,
    "too-many-requests",
  );
  match(detail, /3 requests a minute/);
  ok(after > 15 && after <= 20);
  equal((await ask(b)).status, 200);
  const wrong = await ask({ "x-api-key": "p2sam_wrong" });
  equal(wrong.status, 401);
  equal(wrong.headers.get("ratelimit"), null);
  equal((await app.request("/healthz")).status, 200);
});

Deno.test("without keys no requests are counted", async () => {
  await using service = await openService();
  const app = createApp(service.services, undefined, { requestsPerMinute: 1 });
  for (let i = 0; i < 5; i++) {
    const response = await app.request("/v1/models");
    equal(response.status, 200);
    equal(response.headers.get("ratelimit"), null);
  }
});

Deno.test("bodies take no more memory than their quota, and those of one tenant no more than its share", async () => {
  const size = 2 ** 20;
  await using service = await openService(":memory:", {
    MAX_BYTES: `${size}`,
    BODY_MEMORY: `${2 * size}`,
    TENANT_SHARE: "50",
  });
  const { app, a, b, c } = closed(service.services);
  /** Sends the beginning of a body, and its end when `end` is called. */
  const begin = (headers: Record<string, string>) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await ended;
        controller.enqueue(files.image);
        controller.close();
      },
    }, { highWaterMark: 0 });
    const answer = Promise.resolve(app.request("/v1/previews", {
      method: "POST",
      body,
      headers: { ...headers, "content-length": `${size}` },
    }));
    return { answer, end };
  };
  const one = begin(a);
  const own = await begin(a).answer;
  const { detail } = await refusedForNow(own, 429, "too-many-requests");
  match(detail, /at most 1048576 bytes of request bodies/);
  const two = begin(b);
  await refusedForNow(await begin(c).answer, 503, "busy");
  for (const { answer, end } of [one, two]) {
    end();
    equal((await answer).status, 200);
  }
  const three = begin(c);
  three.end();
  equal((await three.answer).status, 200);
});

Deno.test("a patient has no more references than the limit; one may be replaced or erased", async () => {
  await using service = await openService(":memory:", { MAX_REFERENCES: "2" });
  const { app } = service;
  for (const name of ["r1", "r2"]) {
    equal((await enrol(app, "p", name)).status, 201);
  }
  const refused = await enrol(app, "p", "r3");
  equal(refused.status, 409);
  const problem = await refused.json();
  equal(problem.type, "/problems/limit-reached");
  match(problem.detail, /"p" has 2 references, and may have 2/);
  equal((await enrol(app, "p", "r2")).status, 200);
  equal((await enrol(app, "q", "r3")).status, 201);
  const path = "/v1/patients/p/references/r1";
  equal((await app.request(path, { method: "DELETE" })).status, 204);
  equal((await enrol(app, "p", "r3")).status, 201);
});

Deno.test("a request past its deadline is answered 503, and the next one is served", async () => {
  await using service = await openService();
  const { app, services } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const hurried = createApp({ ...services, deadline: 1 });
  const late = await segment(hurried, "p");
  const { detail } = await refusedForNow(late, 503, "too-late");
  match(detail, /not finished within 0.001 s/);
  equal((await segment(app, "p")).status, 200);
});

Deno.test("the deadline of a slow sender starts when the body has arrived", async () => {
  await using service = await openService();
  const deadline = 1500;
  const app = createApp({ ...service.services, deadline });
  const chunk = Math.ceil(files.image.length / 40);
  let at = 0;
  const started = performance.now();
  let took = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, deadline / 33));
      controller.enqueue(files.image.slice(at, at += chunk));
      if (at < files.image.length) return;
      took = performance.now() - started;
      controller.close();
    },
  });
  const answer = app.request("/v1/previews", {
    method: "POST",
    body,
    headers: { "content-length": `${files.image.length}` },
  });
  equal((await answer).status, 200);
  ok(took > deadline);
});

Deno.test("work that waits when its caller goes away is not begun", async () => {
  await using service = await openService();
  const { services } = service;
  const served = services.models.default;
  let encoded = 0;
  const caller = new AbortController();
  const embedder = createEmbedder(
    (work) => ({
      embed: async (input) => {
        const made = await served.engineFor(work).embed(input);
        if (++encoded === 1) caller.abort();
        return made;
      },
    }),
    createMemoryEmbeddings({ maxBytes: 1e8, lifetime: 1e6 }),
    served.manifest.digest,
  );
  const models = createCatalogue([{ ...served, embedder }]);
  const app = createApp({ ...services, models });
  const sent = Array.from({ length: 6 }, (_, i) => {
    const data = visits.first.image.data.slice();
    data[i] ^= 1;
    return app.request("/v1/embeddings", {
      method: "POST",
      body: encodePng({ ...visits.first.image, data }),
      signal: caller.signal,
    });
  });
  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  deepEqual(new Set(statuses), new Set([201, 499]));
  const before = encoded;
  equal(statuses.filter((status) => status === 201).length, before);
  ok(before < 4, `${before} were encoded`);
  // The queue is empty for the next one.
  const next = await app.request("/v1/embeddings", {
    method: "POST",
    body: files.next,
  });
  equal(next.status, 201);
  equal(encoded, before + 1);
});
