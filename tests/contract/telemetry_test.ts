import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import type { RequestLine } from "../../functions/middleware/observe.ts";
import { type Asked, enrol, files } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const PATIENT = "patient-of-the-telemetry-test";

async function metricsOf(app: Asked): Promise<Map<string, number>> {
  const response = await app.request("/metrics");
  equal(response.status, 200);
  match(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

Deno.test("metrics and the log report a segmentation, and name no person", async (t) => {
  await using service = await openService();
  const lines: RequestLine[] = [];
  const app = createApp(service.services, undefined, {
    log: (line) => lines.push(line),
  });
  const id = crypto.randomUUID();
  const segment = (headers: Record<string, string> = {}) =>
    app.request(`/v1/patients/${PATIENT}/segmentations`, {
      method: "POST",
      body: files.next,
      headers,
    });
  await enrol(
    app,
    PATIENT,
    "r",
    { image: files.image, mask: files.mask },
  );
  equal((await segment({ "x-request-id": id })).status, 200);
  const again = await segment({ "x-request-id": PATIENT });
  equal((await app.request(`/v1/patients/${PATIENT}/no-such`)).status, 404);
  await app.request("/healthz", { method: `X-${PATIENT}` });
  const metrics = await metricsOf(app);

  await t.step("requests are counted by route", () => {
    const route = "/v1/patients/{patient}/segmentations";
    const labels = `{method="POST",route="${route}",status="200"}`;
    equal(metrics.get(`p2sam_http_request_seconds_count${labels}`), 2);
  });

  await t.step("stages, cache, store and queue are measured", () => {
    for (const stage of ["prompt", "decode", "retrieve", "judge"]) {
      equal(metrics.get(`p2sam_stage_seconds_count{stage="${stage}"}`), 2);
    }
    const reads = "p2sam_embedding_cache_reads_total";
    equal(metrics.get(`${reads}{outcome="miss"}`), 2);
    equal(metrics.get(`${reads}{outcome="hit"}`), 1);
    const put = `{store="profiles",operation="put"}`;
    equal(metrics.get(`p2sam_store_seconds_count${put}`), 1);
    equal(metrics.get("p2sam_queue_waiting"), 0);
    equal(metrics.get(`p2sam_workers{state="idle"}`), 1);
    ok(metrics.get("process_resident_memory_bytes")! > 50_000_000);
  });

  await t.step(
    "the log has a line for each request but probes, with its id",
    () => {
      const told = lines.map(({ method, route, status }) =>
        `${method} ${route} ${status}`
      );
      deepEqual(told, [
        "PUT /v1/patients/{patient}/references/{reference} 201",
        "POST /v1/patients/{patient}/segmentations 200",
        "POST /v1/patients/{patient}/segmentations 200",
        "GET none 404",
        "other none 405",
      ]);
      equal(lines[1].request, id);
      equal(lines[2].request, again.headers.get("x-request-id"));
    },
  );

  await t.step("no id of a caller is reported", () => {
    const all = JSON.stringify([...metrics.keys(), ...lines]);
    ok(!all.includes(PATIENT), all);
  });
});
