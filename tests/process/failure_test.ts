import { deepEqual, equal, match, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { enrol, files, visits } from "../support/requests.ts";
import type { Server } from "../support/server.ts";
import { inFolder } from "../support/in_folder.ts";
import { EncodeHosts, LENIENT, TOKEN } from "../support/split.ts";

/** A visit that differs from all others in one pixel. */
function variant(round: number): Uint8Array<ArrayBuffer> {
  const data = visits.second.image.data.slice();
  data[round] ^= 1;
  return encodePng({ ...visits.second.image, data });
}

async function embed(server: Server, image: Uint8Array<ArrayBuffer>) {
  const response = await server.request("/v1/embeddings", {
    method: "POST",
    body: image,
  });
  return { status: response.status, body: await response.json() };
}

/** The status of encoding an image: 200 when the host has its embedding, else 201. */
async function statusOf(host: Server, image: Uint8Array<ArrayBuffer>) {
  const response = await host.request("/v1/embeddings", {
    method: "POST",
    body: image,
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("encode hosts fail and come back", async (t) => {
  await using hosts = await EncodeHosts.start(2);
  await using edge = await hosts.edge(":memory:", LENIENT);
  let round = 0;

  await t.step("killing one of two mid-run loses no request", async () => {
    const run = Array.from({ length: 6 }, () => embed(edge, variant(round++)));
    await Promise.race(run);
    await hosts.hosts[0].kill();
    const late = Array.from({ length: 2 }, () => embed(edge, variant(round++)));
    for (const { status, body } of await Promise.all([...run, ...late])) {
      equal(status, 201, JSON.stringify(body));
    }
    const { body } = await edge.json("/readyz");
    deepEqual(body, { status: "ready", encode: "available" });
  });

  await t.step("without any, images get a 503 problem document", async () => {
    const { body: { id } } = await embed(edge, files.next);
    await hosts.hosts[1].kill();
    for (let i = 0; i < 6; i++) {
      const started = performance.now();
      const { status, body } = await embed(edge, variant(round++));
      equal(status, 503);
      equal(body.type, "/problems/encode-unavailable");
      match(body.detail, /^No encode host answers/);
      ok(!body.detail.includes("127.0.0.1"));
      ok(performance.now() - started < 120_000, "within the deadline");
    }
    const ready = await edge.json("/readyz");
    deepEqual([ready.status, ready.body.status], [200, "ready"]);
    const { status, body } = await edge.json("/v1/masks", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        embedding: id,
        points: [{ x: 242, y: 138, label: 1 }],
      }),
    });
    equal(status, 200, JSON.stringify(body));
  });

  await t.step("when one is back, images are encoded again", async () => {
    await hosts.restart(1);
    const until = performance.now() + 120_000;
    let status = 503;
    while (status !== 201 && performance.now() < until) {
      ({ status } = await embed(edge, variant(round)));
    }
    equal(status, 201);
  });
});

Deno.test("an encode host is closed without its token, but for its health", async () => {
  await using hosts = await EncodeHosts.start(1);
  const [host] = hosts.hosts;
  for (const authorization of ["", "Bearer wrong", "Basic eDp5"]) {
    const response = await host.request("/v1/embeddings", {
      method: "POST",
      body: files.image,
      headers: { authorization },
    });
    equal(response.status, 401);
    match(response.headers.get("www-authenticate")!, /^Bearer/);
    equal((await response.json()).type, "/problems/unauthorized");
  }
  deepEqual((await host.json("/readyz")).body, { status: "ready" });
});

Deno.test("two edges over one KV file see each other's enrolments at once, and encode an image once", () =>
  inFolder(async (folder) => {
    await using hosts = await EncodeHosts.start(2);
    await using one = await hosts.edge(`${folder}/edge.kv`, LENIENT);
    await using other = await hosts.edge(`${folder}/edge.kv`, LENIENT);

    const [first, second] = await Promise.all([
      embed(one, files.image),
      embed(other, files.image),
    ]);
    for (const { status, body } of [first, second]) {
      equal(status, 201, JSON.stringify(body));
    }
    equal(first.body.id, second.body.id);
    deepEqual(first.body.model, second.body.model);
    equal((await enrol(one, "p", "r")).status, 201);
    const seen = await other.json("/v1/patients/p/references/r");
    equal(seen.status, 200);
    const { status, body } = await other.json("/v1/patients/p/prompts", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ embedding: first.body.id }),
    });
    equal(status, 200);
    equal(body.candidates.length, 5);
    const asked = hosts.hosts.map((host) => statusOf(host, files.image));
    const statuses = await Promise.all(asked);
    deepEqual(statuses.sort(), [200, 201], "one host alone has encoded it");
  }));
