import { deepEqual, equal } from "node:assert/strict";
import { enrol, files, segment } from "../support/requests.ts";
import { inFolder } from "../support/in_folder.ts";
import { hasKvConnect, KvConnect } from "../support/kv_connect.ts";
import { testEndToEnd } from "../support/end_to_end.ts";
import { EncodeHosts } from "../support/split.ts";

const found = await hasKvConnect();
if (!found) {
  console.log("Tests over KV Connect are skipped: denokv is not found.");
}

function overKvConnect(
  name: string,
  test: (t: Deno.TestContext, kv: KvConnect) => Promise<void>,
) {
  Deno.test(name, { ignore: !found }, (t) =>
    inFolder(async (folder) => {
      await using kv = await KvConnect.start(`${folder}/kv.sqlite`);
      await test(t, kv);
    }));
}

overKvConnect("the contract holds over KV Connect", async (t, kv) => {
  await using hosts = await EncodeHosts.start(1);
  await using edge = await hosts.edge(kv.url, kv.environment);
  await testEndToEnd(t, edge);
});

overKvConnect(
  "edges over KV Connect share enrolments at once, and restarts keep them",
  async (_, kv) => {
    await using hosts = await EncodeHosts.start(1);
    const segmented = [];
    {
      await using one = await hosts.edge(kv.url, kv.environment);
      await using other = await hosts.edge(kv.url, kv.environment);
      for (const name of ["r-1", "r-2", "r-3"]) {
        equal((await enrol(one, "p", name)).status, 201);
        equal(
          (await other.json(`/v1/patients/p/references/${name}`)).status,
          200,
        );
      }
      equal((await segment(other, "p")).status, 200);
      const erased = { method: "DELETE" };
      equal(
        (await other.request("/v1/patients/p/references/r-2", erased)).status,
        204,
      );
      const { body } = await one.json("/v1/patients/p");
      deepEqual(
        body.references.map((r: { reference: string }) => r.reference),
        ["r-1", "r-3"],
      );
      segmented.push(await (await segment(one, "p")).json());
    }
    await kv.restart();
    await using again = await hosts.edge(kv.url, kv.environment);
    segmented.push(await (await segment(again, "p")).json());
    deepEqual(segmented[1].mask, segmented[0].mask);
    equal(segmented[1].distance, segmented[0].distance);
  },
);

overKvConnect(
  "while the KV Connect server is away, answers are 503 problem documents",
  async (_, kv) => {
    await using hosts = await EncodeHosts.start(1);
    const settings = { ...kv.environment, DEADLINE: "10" };
    await using edge = await hosts.edge(kv.url, settings);
    equal((await edge.json("/v1/patients/p")).status, 404);
    await kv.kill();
    const asked = [
      edge.json("/readyz"),
      edge.json("/v1/patients/p"),
      edge.json("/v1/patients/p/references/r", { method: "DELETE" }),
      edge.json("/v1/embeddings", { method: "POST", body: files.next }),
    ];
    const types = [];
    for (const { status, body } of await Promise.all(asked)) {
      equal(status, 503, JSON.stringify(body));
      types.push(body.type);
    }
    const busy = "/problems/busy";
    deepEqual(types, ["/problems/not-ready", busy, busy, busy]);
    equal((await edge.json("/healthz")).status, 200);
    await kv.restart();
    // Deno's client asks for the server less and less often while it is away.
    const until = performance.now() + 60_000;
    let { status } = await edge.json("/v1/patients/p");
    while (status === 503 && performance.now() < until) {
      ({ status } = await edge.json("/v1/patients/p"));
    }
    equal(status, 404);
    equal((await edge.json("/readyz")).status, 200);
    equal((await enrol(edge, "p", "r")).status, 201);
  },
);
