import { deepEqual, equal, match, ok } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { DISK_FULL, faultyKv, type KvFaults } from "../support/faulty_kv.ts";
import { inFolder } from "../support/in_folder.ts";
import {
  embeddingOf,
  enrol,
  files,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { freshPath } from "../support/store.ts";
import { openKv } from "../../deploy/compose_state.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";

const other = encodePng(visits.second.mask);
const corrected = { image: files.next, mask: other };

/** The whole service over a database that fails as a test sets it. */
async function openFaulty(
  folder: string,
  environment: Record<string, string> = {},
) {
  const faults: KvFaults = {};
  const service = await openService(
    await freshPath(`${folder}/edge.kv`),
    environment,
    async (path) => faultyKv(await openKv(path), faults),
  );
  return Object.assign(service, { faults });
}

/** A 503 that says so, quotes nothing and states when to try again. */
async function requireUnavailable(
  response: Response,
  code = "store-unavailable",
) {
  const problem = await response.json();
  equal(response.status, 503, JSON.stringify(problem));
  equal(problem.type, `/problems/${code}`);
  match(response.headers.get("retry-after")!, /^\d+$/);
  ok(!/disk|sqlite|kv/i.test(problem.detail));
}

Deno.test("while every call of the store fails, every route that needs it answers 503, and afterwards everything is as before", () =>
  inFolder(async (folder) => {
    await using service = await openFaulty(folder);
    const { app, faults } = service;
    equal((await enrol(app, "p", "r")).status, 201);
    const before = await (await segment(app, "p")).json();
    const { console: { error } } = globalThis;
    const logged: string[] = [];
    console.error = (line) => logged.push(line);
    faults.before = () => {
      throw DISK_FULL();
    };
    try {
      for (
        const [path, init] of [
          ["/v1/patients/p", {}],
          ["/v1/patients/p", { method: "DELETE" }],
          ["/v1/patients/p/references/r", {}],
          ["/v1/patients/p/references/r", { method: "DELETE" }],
          [`/v1/embeddings/${"0".repeat(64)}`, {}],
          ["/v1/embeddings", { method: "POST", body: files.image }],
        ] as [string, RequestInit][]
      ) {
        await requireUnavailable(await app.request(path, init));
      }
      await requireUnavailable(await enrol(app, "p", "r2"));
      await requireUnavailable(await segment(app, "p"));
      equal((await app.request("/readyz")).status, 503);
      equal((await app.request("/healthz")).status, 200);
    } finally {
      console.error = error;
    }
    ok(logged.length > 0, "the cause is in the log");
    for (const line of logged) ok(!line.includes("disk"), line);
    delete faults.before;
    equal((await app.request("/readyz")).status, 200);
    const after = await (await segment(app, "p")).json();
    deepEqual(after.mask, before.mask);
  }));

Deno.test("a write that fails at any step is answered 503, leaves the old profile or the new one whole, and succeeds when sent again", () =>
  inFolder(async (folder) => {
    await using service = await openFaulty(folder);
    const { app, faults, services } = service;
    const { console: { error } } = globalThis;
    console.error = () => {};
    try {
      // The embedding is in the cache, so that only steps of the profile are left.
      const embedding = await embeddingOf(app, files.image);
      const first = { embedding, mask: files.mask };
      const second = { embedding, mask: corrected.mask };
      const profile = async () => {
        const found = await services.profiles.get("default", "p", "r");
        return found!.profile;
      };
      for (const when of ["before", "after"] as const) {
        for (let nth = 1, finished = false; !finished; nth++) {
          ok(nth < 60, "an enrolment takes a bounded number of steps");
          ok((await enrol(app, "p", "r", first)).ok);
          const old = await profile();
          let count = 0;
          finished = true;
          faults[when] = (step) => {
            if (step === "get" || step === "list" || ++count !== nth) return;
            finished = false;
            throw DISK_FULL();
          };
          const response = await enrol(app, "p", "r", second);
          delete faults[when];
          if (response.status === 503) await requireUnavailable(response);
          else equal(response.status, 200);
          const now = await profile();
          equal((await enrol(app, "p", "r", second)).status, 200);
          const renewed = await profile();
          const acknowledged = response.status === 200;
          if (acknowledged || !isDeepStrictEqual(now, old)) {
            deepEqual(now, renewed, `${when} step ${nth}`);
          }
        }
      }
    } finally {
      console.error = error;
    }
  }));

Deno.test("a store that is slow is waited for, and one that hangs is not ready", () =>
  inFolder(async (folder) => {
    await using service = await openFaulty(folder);
    const { app, faults } = service;
    faults.before = () => new Promise((resolve) => setTimeout(resolve, 20));
    equal((await enrol(app, "p", "r")).status, 201);
    const { promise, resolve } = Promise.withResolvers<void>();
    faults.before = () => promise;
    const reading = app.request("/v1/patients/p");
    equal((await app.request("/readyz")).status, 503);
    delete faults.before;
    resolve();
    equal((await reading).status, 200);
    equal((await app.request("/readyz")).status, 200);
  }));
