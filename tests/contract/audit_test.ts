import { deepEqual, equal, ok } from "node:assert/strict";
import { verifyExport } from "../../lib/cli/verify_trail.ts";
import type { AuditEntry } from "../../lib/store/audit/hash_chain.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { enrol, files, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

Deno.test("every call is in the audit trail, which names no person and outlives the patient", async () => {
  await using service = await openService(":memory:", {
    OPERATOR_KEYS: stated(operatorKey("k1")),
  });
  const { app } = service;
  const path = "/v1/patients/doe-jane";
  equal((await enrol(app, "doe-jane", "visit-of-may")).status, 201);
  equal((await segment(app, "doe-jane", files.next)).status, 200);
  equal((await app.request(`${path}?x=doe-jane`)).status, 200);
  equal((await app.request(path, { method: "DELETE" })).status, 204);
  equal((await app.request(path)).status, 404);
  equal((await app.request("/v1/doe-jane/%2e%FF/<b>")).status, 404);
  await app.request("/v1/models");

  const trail = await app.request("/v1/audit");
  const text = await trail.text();
  const entries: AuditEntry[] = text.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  deepEqual(
    entries.map(({ operation, phase, status }) => [operation, phase, status]),
    [
      ["PUT /v1/patients/:patient/references/:reference", "begun", null],
      ["PUT /v1/patients/:patient/references/:reference", "answered", 201],
      ["POST /v1/patients/:patient/segmentations", "answered", 200],
      ["GET /v1/patients/:patient", "answered", 200],
      ["DELETE /v1/patients/:patient", "begun", null],
      ["DELETE /v1/patients/:patient", "answered", 204],
      ["GET /v1/patients/:patient", "answered", 404],
      ["GET ?", "answered", 404],
    ],
  );
  ok(!text.includes("visit-of-may") && !text.includes("doe-jane"));
  equal(await verifyExport(text), "whole: 8 entries in 1 chains");

  const theirs = await (await app.request("/v1/audit?patient=doe-jane")).text();
  equal(theirs.trim().split("\n").length, 7);
  const paged = await app.request("/v1/audit?limit=3");
  const after = paged.headers.get("x-next-after");
  const rest = await app.request(`/v1/audit?after=${after}`);
  const joined = await paged.text() + await rest.text();
  // The trail records that it was read, too.
  ok(joined.startsWith(text));
  ok((await verifyExport(joined)).startsWith("whole: 1"));
  for (
    const bad of ["after=x", "limit=0", "limit=99999", "patient=a%2Fb", "x=1"]
  ) {
    equal((await app.request(`/v1/audit?${bad}`)).status, 422, bad);
  }
});
