import { deepEqual, equal, ok } from "node:assert/strict";
import { operatorKey, stated } from "../support/operator_key.ts";
import { type Asked, enrol, files, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

/** The pages of a listing. */
async function pagesOf(app: Asked, query: string): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | null = null;;) {
    const next: string = cursor === null ? "" : `&cursor=${cursor}`;
    const answer = await app.request(`/v1/patients?${query}${next}`);
    equal(answer.status, 200);
    const page = await answer.json();
    pages.push(page.patients);
    cursor = page.cursor;
    if (cursor === null) return pages;
  }
}

const names = ["a", "b-1", "b-10", "b-2", "c", "~"];

Deno.test("patients are listed page by page, by prefix, and no more once erased", async () => {
  await using service = await openService();
  const { app } = service;
  deepEqual(await pagesOf(app, ""), [[]]);
  for (const name of names.toReversed()) await enrol(app, name, "r");
  deepEqual(await pagesOf(app, ""), [names]);
  deepEqual(await pagesOf(app, "limit=4"), [names.slice(0, 4), names.slice(4)]);
  deepEqual(await pagesOf(app, "prefix=b-&limit=2"), [
    ["b-1", "b-10"],
    ["b-2"],
  ]);
  deepEqual(await pagesOf(app, "prefix=d"), [[]]);
  await app.request("/v1/patients/b-1", { method: "DELETE" });
  // Neither kept answers nor other owners of records count as patients.
  await app.request("/v1/embeddings", {
    method: "POST",
    headers: { "idempotency-key": "k" },
    body: files.image,
  });
  deepEqual((await pagesOf(app, "")).flat(), names.filter((n) => n !== "b-1"));
});

Deno.test("an encrypted store lists the same names, in an order that says nothing", async () => {
  await using service = await openService(":memory:", {
    OPERATOR_KEYS: stated(operatorKey("k1")),
  });
  const { app } = service;
  for (const name of names) await enrol(app, name, "r");
  const pages = await pagesOf(app, "limit=4");
  deepEqual(pages.flat().sort(), names.toSorted());
  deepEqual((await pagesOf(app, "prefix=b-&limit=2")).flat().sort(), [
    "b-1",
    "b-10",
    "b-2",
  ]);
  const answer = await app.request("/v1/patients?limit=1");
  const { cursor, patients } = await answer.json();
  ok(!atob(cursor.replace(/-/g, "+").replace(/_/g, "/")).includes(patients[0]));
});

Deno.test("a slash at the end, and explain=1, work", async () => {
  await using service = await openService();
  const { app } = service;
  const slashed: Asked = {
    request: (path, init) => {
      const [address, query] = path.split("?");
      return app.request(`${address}/${query ? `?${query}` : ""}`, init);
    },
  };
  equal((await enrol(slashed, "p", "r")).status, 201);
  const answer = await segment(slashed, "p", files.next, "?explain=1");
  ok((await answer.json()).candidates.length > 0);
  for (const path of ["/v1/models", "/healthz", "/v1/patients", "/docs"]) {
    equal((await slashed.request(path)).status, 200);
  }
  equal((await slashed.request("/v1/nothing")).status, 404);
  const wrong = await slashed.request("/v1/models", { method: "POST" });
  equal(wrong.status, 405);
  const read = await slashed.request("/v1/patients/p", { method: "DELETE" });
  equal(read.status, 204);
});

Deno.test("a query that no listing takes is refused", async () => {
  await using service = await openService();
  for (
    const query of [
      "limit=0",
      "limit=201",
      "prefix=a%2F",
      "cursor=!",
      "cursor=AA",
      "x=1",
    ]
  ) {
    const answer = await service.app.request(`/v1/patients?${query}`);
    equal(answer.status, 422, query);
  }
});
