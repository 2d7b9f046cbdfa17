import { deepEqual, equal, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { enrol, files, form, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

/** A body whose sender falls silent after its first bytes. */
function silent(head: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      if (head.length > 0) controller.enqueue(head);
      head = new Uint8Array(0);
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
}

/** A body that arrives one byte at a time. */
function dripping(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.enqueue(bytes.subarray(at, ++at));
    },
  }, { highWaterMark: 0 });
}

Deno.test("bodies that arrive too slowly are refused with 408, and hold no capacity", async () => {
  await using service = await openService();
  const minimumRate = { grace: 300, rate: 1_000_000 };
  const app = createApp(service.services, undefined, { minimumRate });
  equal((await enrol(app, "p", "r")).status, 201);
  const multipart = new Uint8Array(
    await new Response(form({ image: files.next })).arrayBuffer(),
  );
  const types = ["multipart/form-data; boundary=x", "image/png"];
  const slow = (path: string, type: string, body: ReadableStream) =>
    app.request(path, {
      method: path.includes("references") ? "PUT" : "POST",
      body,
      headers: { "content-type": type },
      duplex: "half",
    } as RequestInit);
  // More than the quota of series.
  const all = Array.from({ length: 12 }, (_, i) => {
    const path = `/v1/patients/p/series`;
    const head = (i & 1 ? multipart : files.next).slice(0, 500);
    return slow(path, types[i & 1], i & 2 ? silent(head) : dripping(head));
  });
  const some = [
    slow(
      "/v1/patients/p/references/q",
      types[0],
      silent(multipart.slice(0, 99)),
    ),
    slow("/v1/embeddings", types[1], dripping(files.next)),
    slow(
      "/v1/patients/p/segmentations",
      types[1],
      silent(files.next.slice(0, 99)),
    ),
    slow(
      "/v1/masks",
      "application/json",
      silent(new TextEncoder().encode("{")),
    ),
  ];
  let late = 0;
  for (const response of await Promise.all([...all, ...some])) {
    const problem = await response.json();
    if (response.status === 429) {
      equal(problem.type, "/problems/too-many-requests");
    } else if (response.status === 503) {
      equal(problem.type, "/problems/busy");
    } else {
      late++;
      equal(response.status, 408, JSON.stringify(problem));
      equal(problem.type, "/problems/too-slow");
      equal(problem.instance, response.headers.get("x-request-id"));
    }
  }
  ok(late > 4, `${late} were given up`);
  // A busy machine may be slower than that rate, so the next ones have the usual rate.
  equal((await segment(service.app, "p")).status, 200);
  const whole = await service.app.request("/v1/patients/p/series", {
    method: "POST",
    body: form({ image: files.next }),
  });
  equal(whole.status, 200);
  const [line] = (await whole.text()).split("\n");
  deepEqual(JSON.parse(line).problem, undefined);
});
