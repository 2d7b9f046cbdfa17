import { stepsOf } from "../support/steps.ts";
import { deepEqual, equal, ok } from "node:assert/strict";
import { createLocalJWKSet } from "jose";
import { createApp } from "../../functions/app.ts";
import { needOf } from "../../functions/middleware/scopes.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import { type Scope, SCOPES } from "../../lib/access/caller.ts";
import {
  AUDIENCE,
  badTokens,
  createIssuer,
  ISSUER,
} from "../support/access.ts";
import { ARCHIVE_MEDIA_TYPE } from "../../lib/format/profile_archive.ts";
import { embeddingOf, files, form } from "../support/requests.ts";
import { zipOf } from "../support/series_bodies.ts";
import { openService } from "../support/service.ts";
import { watchMethod } from "../support/work_done.ts";

/** What a request names: a patient, one of its references, an embedding. */
interface Names {
  patient: string;
  reference: string;
  embedding: string;
}
type Body = { body?: BodyInit; type?: string };

const json = (value: unknown): Body => ({
  body: JSON.stringify(value),
  type: "application/json",
});
const image = (): Body => ({ body: files.next, type: "image/png" });
const click = { points: [{ x: 242, y: 138, label: 1 }] };

/** The receipt of an answer to tenant a, once there is one. */
let receipt = "{}";

/** A good body for every operation of the document, by its id. */
const BODIES: Record<string, (names: Names) => Body> = {
  createEmbedding: image,
  readEmbedding: () => ({}),
  previewImage: image,
  enrolReference: ({ embedding }) => ({
    body: form({ embedding, mask: files.mask }),
  }),
  readReference: () => ({}),
  eraseReference: () => ({}),
  enrolArchive: () => ({
    body: zipOf([{ name: "a.png", bytes: files.image }]),
    type: "application/zip",
  }),
  describeUploads: () => ({}),
  createUpload: () => ({}),
  readUpload: () => ({}),
  appendUpload: () => ({}),
  eraseUpload: () => ({}),
  listPatients: () => ({}),
  readPatient: () => ({}),
  erasePatient: () => ({}),
  listRevisions: () => ({}),
  restoreRevision: () => ({}),
  proposePrompts: ({ embedding }) => json({ embedding }),
  segmentImage: ({ embedding }) => json({ embedding }),
  replayReceipt: ({ patient, embedding }) => ({
    body: form({ receipt, patient, embedding }),
  }),
  segmentSeries: () => ({ body: form({ image: files.next }) }),
  decodeMask: ({ embedding }) => json({ embedding, ...click }),
  exportMask: () => ({ body: form({ image: files.image, mask: files.mask }) }),
  exportVolumeMasks: () => ({
    body: form({ image: files.image, masks: "[]" }),
  }),
  readImage: image,
  readMask: () => ({ body: form({ image: files.image, mask: files.mask }) }),
  findArchivedSeries: () => json({ patientId: "p-a" }),
  listArchivedInstances: () => json({ study: "2.25.1", series: "2.25.2" }),
  listModels: () => ({}),
  exportPatient: () => ({}),
  importPatient: () => ({ body: "no archive", type: ARCHIVE_MEDIA_TYPE }),
  readAudit: () => ({}),
  readMetrics: () => ({}),
  live: () => ({}),
  ready: () => ({}),
};

interface Operation {
  id: string;
  method: string;
  path: string;
}

const issuer = await createIssuer();
const keyOf = (id: string, tenant: string, scopes: readonly Scope[]) => {
  const { secret, entry } = mintKey(id, tenant, scopes);
  return { secret, key: parseKeys(entry)[0] };
};
const owner = keyOf("owner", "a", SCOPES);
const other = keyOf("other", "b", SCOPES);
const lacking = Object.fromEntries(
  SCOPES.map((scope) => [
    scope,
    keyOf(`no-${scope}`, "a", SCOPES.filter((one) => one !== scope)),
  ]),
);
const access = createAuthenticator({
  keys: [owner, other, ...Object.values(lacking)].map(({ key }) => key),
  tokens: {
    keys: createLocalJWKSet(issuer.jwks),
    issuer: ISSUER,
    audience: AUDIENCE,
    tenantClaim: "tenant",
    scopeClaim: "scope",
  },
});

const A: Names = { patient: "p-a", reference: "visit-a", embedding: "" };
const NOBODY: Names = {
  patient: "p-0",
  reference: "visit-0",
  embedding: "0".repeat(64),
};

async function openClosed(kvPath = ":memory:") {
  const service = await openService(kvPath, {
    SIGNING_KEY: new Uint8Array(32).fill(3).toBase64(),
  });
  const app = createApp(service.services, undefined, { access });
  const document = await (await app.request("/openapi.json")).json();
  const operations = Object.entries<Record<string, { operationId: string }>>(
    document.paths,
  ).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId: id }]): Operation => ({
      id,
      method,
      path,
    }))
  );
  const send = async (
    { id, method, path }: Operation,
    names: Names,
    headers: Record<string, string>,
  ) => {
    const { body, type } = BODIES[id](names);
    const address = path.replace("{patient}", names.patient)
      .replace("{reference}", names.reference)
      .replace("{id}", names.embedding)
      .replace("{label}", "target")
      .replace("{revision}", "1");
    const response = await app.request(address, {
      method: method.toUpperCase(),
      body: body ?? null,
      headers: { ...(type && { "content-type": type }), ...headers },
    });
    return { response, text: await response.text() };
  };
  /** Stores a patient of tenant a; gives the names of what there is. */
  const enrol = async (): Promise<Names> => {
    const asked = {
      request: (path: string, init: RequestInit = {}) =>
        app.request(path, {
          ...init,
          headers: { ...init.headers, "x-api-key": owner.secret },
        }),
    };
    const embedding = await embeddingOf(asked, files.image);
    const names = { ...A, embedding };
    const put = operations.find(({ id }) => id === "enrolReference")!;
    const { response } = await send(put, names, asA);
    equal(response.status, 201);
    const ask = operations.find(({ id }) => id === "segmentImage")!;
    const answer = await send(ask, names, asA);
    receipt = JSON.stringify(JSON.parse(answer.text).receipt);
    return names;
  };
  /** Everything that is stored for tenant a, as bytes. */
  const stored = async ({ patient, reference, embedding }: Names) => {
    const { profiles, models } = service.services;
    const recalled = await models.default.embedder.recall("a", embedding);
    return [await profiles.get("a", patient, reference), recalled];
  };
  const dispose = () => service[Symbol.asyncDispose]();
  return {
    app,
    operations,
    send,
    enrol,
    stored,
    [Symbol.asyncDispose]: dispose,
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asA = bearer(owner.secret);
const asB = bearer(other.secret);

/** An answer without what differs between any two: the request's id, and the names that it was sent. */
function anonymous(text: string, names: Names): unknown {
  let shown = text;
  for (const name of Object.values(names)) shown = shown.replaceAll(name, "*");
  try {
    const { instance: _, timings: __, ...rest } = JSON.parse(shown);
    return rest;
  } catch {
    return shown;
  }
}

Deno.test("no route is open to another tenant, to an invalid token, or to a key without its scope", async (t) => {
  await using service = await openClosed();
  const { operations, send, enrol, stored, app } = service;
  const names = await enrol();
  const before = await stored(names);
  const closed = operations.filter(({ method, path }) =>
    needOf(method, path) !== "open"
  );
  ok(closed.length > 10);
  deepEqual(operations.map(({ id }) => id).sort(), Object.keys(BODIES).sort());

  const tokens = await badTokens(issuer);
  const credentials: Record<string, Record<string, string>> = {
    "nothing": {},
    "an empty key": { "x-api-key": "" },
    "a guessed key": { "x-api-key": `p2sam_${"A".repeat(43)}` },
    "a key with a letter changed": {
      "x-api-key": owner.secret.slice(0, -1) +
        (owner.secret.endsWith("A") ? "B" : "A"),
    },
    "the digest of a key": bearer(new Uint8Array(owner.key.digest).toHex()),
    "a key as a password": {
      authorization: `Basic ${btoa(`x:${owner.secret}`)}`,
    },
    "a good key behind a bad token": {
      ...bearer("bad"),
      "x-api-key": owner.secret,
    },
    "another tenant named": { "x-tenant": "a" },
  };
  for (const [what, token] of Object.entries(tokens)) {
    credentials[`a token ${what}`] = bearer(token);
  }

  await t.step("invalid keys and tokens open no route: 401", async () => {
    for (const operation of closed) {
      for (const [what, headers] of Object.entries(credentials)) {
        const { response, text } = await send(operation, names, headers);
        const where = `${operation.id} with ${what}: ${text}`;
        equal(response.status, 401, where);
        ok(response.headers.get("www-authenticate")?.startsWith("Bearer"));
        equal(JSON.parse(text).type, "/problems/unauthorized", where);
      }
    }
  });

  await t.step("a key without the scope: 403, and which one", async () => {
    let refused = 0;
    for (const operation of closed) {
      const need = needOf(operation.method, operation.path);
      if (need === "known") continue;
      ok(need !== undefined && need !== "open");
      const headers = bearer(lacking[need].secret);
      const { response, text } = await send(operation, names, headers);
      equal(response.status, 403, `${operation.id}: ${text}`);
      ok(JSON.parse(text).detail.includes(`"${need}"`));
      const token = await issuer.sign({
        scope: SCOPES.filter((scope) => scope !== need).join(" "),
      });
      const byToken = await send(operation, names, bearer(token));
      equal(byToken.response.status, 403, operation.id);
      refused++;
    }
    ok(refused > 10);
  });

  await t.step(
    "another tenant finds what it would find in an empty store",
    async () => {
      const tokenOfB = bearer(await issuer.sign({ tenant: "b" }));
      let absent = 0;
      for (const headers of [asB, tokenOfB, { ...asB, "x-tenant": "a" }]) {
        for (const operation of closed) {
          // Numbers and a trail that grow with every request.
          if (/^(readMetrics|readAudit)$/.test(operation.id)) continue;
          // One name after the other is a guess that hits.
          const guesses: Names[] = [
            { ...NOBODY, patient: names.patient },
            { ...NOBODY, embedding: names.embedding },
            { ...NOBODY, patient: names.patient, reference: names.reference },
            names,
          ];
          // The image is new to this tenant, once.
          await send(operation, NOBODY, headers);
          const nothing = await send(operation, NOBODY, headers);
          for (const guess of guesses) {
            const found = await send(operation, guess, headers);
            equal(found.response.status, nothing.response.status, operation.id);
            deepEqual(
              anonymous(found.text, guess),
              anonymous(nothing.text, NOBODY),
              operation.id,
            );
          }
          // There is no archive here, for whomever may open it.
          if (/Archived/.test(operation.id)) continue;
          if (nothing.response.status === 404) absent++;
        }
      }
      // All that names a patient or an embedding; images alone are everyone's own.
      equal(absent, 3 * 14);
      deepEqual(await stored(names), before);
      const trail = operations.find(({ id }) => id === "readAudit")!;
      const callers = async (headers: Record<string, string>) => {
        const { text } = await send(trail, names, headers);
        const lines = text.trim().split("\n");
        return new Set(lines.map((line) => JSON.parse(line).caller));
      };
      equal((await callers(asB)).has("owner"), false);
      equal((await callers(asA)).has("owner"), true);
    },
  );

  await t.step("the same names in two tenants are two things", async () => {
    const asked = (headers: Record<string, string>) => ({
      request: (path: string, init: RequestInit = {}) =>
        app.request(path, {
          ...init,
          headers: { ...init.headers, ...headers },
        }),
    });
    equal(await embeddingOf(asked(asB), files.image), names.embedding);
    const by = (id: string) => operations.find((one) => one.id === id)!;
    const put = await send(by("enrolReference"), names, asB);
    equal(put.response.status, 201, put.text);
    deepEqual(await stored(names), before);
    const erased = await send(by("erasePatient"), names, asB);
    equal(erased.response.status, 204);
    deepEqual(await stored(names), before);
    const own = await send(by("segmentImage"), names, asA);
    equal(own.response.status, 200, own.text);
  });
});

/** What a request takes: steps of the product, and calls of the database in their order. */
async function costOf(ask: () => Promise<unknown>) {
  const calls: string[] = [];
  const undo = ["get", "getMany", "list", "atomic"].map((name) =>
    watchMethod(Deno.Kv.prototype, name, () => calls.push(name))
  );
  try {
    return { steps: await stepsOf(ask), calls };
  } finally {
    for (const one of undo) one();
  }
}

Deno.test("what an answer takes does not tell another tenant's thing from none", async (t) => {
  await using service = await openClosed();
  const { operations, send, enrol } = service;
  const names = await enrol();
  const reads = ["readPatient", "readReference", "readEmbedding"];
  const others = ["eraseReference", "proposePrompts", "decodeMask"];
  for (const id of [...reads, ...others]) {
    await t.step(id, async () => {
      const operation = operations.find((one) => one.id === id)!;
      const ask = async (names: Names) =>
        equal((await send(operation, names, asB)).response.status, 404);
      // What is done once is done now.
      await ask(NOBODY);
      for (let i = 0; i < 3; i++) {
        const theirs = await costOf(() => ask(names));
        deepEqual(theirs, await costOf(() => ask(NOBODY)));
      }
    });
  }
  await t.step("and would, if there were a difference", async () => {
    const read = operations.find(({ id }) => id === "readEmbedding")!;
    const own = await costOf(() => send(read, names, asA));
    const none = await costOf(() => send(read, NOBODY, asA));
    ok(own.steps > none.steps);
    ok(own.calls.length > none.calls.length);
  });
});
