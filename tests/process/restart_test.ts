import { deepEqual, equal, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { createProfileStore } from "../../lib/store/profiles/profile_store.ts";
import { RecordStore } from "../../lib/store/records/record_store.ts";
import { files, form, visits } from "../support/requests.ts";
import { Server } from "../support/server.ts";

/** An annotated image that differs in one pixel, so that nothing comes from the cache. */
function variant(round: number): FormData {
  const data = visits.first.image.data.slice();
  data[round] ^= 1;
  const image = encodePng({ ...visits.first.image, data });
  return form({ image, mask: files.mask, label: `round-${round}` });
}

const annotated = () => form({ image: files.image, mask: files.mask });

Deno.test("answers survive SIGKILL byte for byte", async () => {
  const folder = await Deno.makeTempDir();
  const environment = { KV_PATH: `${folder}/edge.kv` };
  try {
    const answers = [];
    for (const visit of [0, 1]) {
      await using server = await Server.start(environment);
      if (visit === 0) {
        equal((await server.enrol("p", "r", annotated())).status, 201);
      }
      const json = await (await server.segment("p", files.next)).json();
      const png = await (await server.segment("p", files.next, "image/png"))
        .bytes();
      const again = await (await server.segment("p", files.next, "image/png"))
        .bytes();
      deepEqual(again, png);
      answers.push({ mask: json.mask, distance: json.distance, png });
    }
    deepEqual(answers[1], answers[0]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an enrolment cut by SIGKILL is whole or absent, and leaves no bytes behind", async () => {
  const folder = await Deno.makeTempDir();
  const environment = { KV_PATH: `${folder}/edge.kv` };
  try {
    // The second enrolment shows how long one takes on a warm server.
    let took = 0;
    {
      await using server = await Server.start(environment);
      equal((await server.enrol("p", "kept", annotated())).status, 201);
      const started = performance.now();
      equal((await server.enrol("p", "warm", variant(99))).status, 201);
      took = performance.now() - started;
    }
    const outcomes: number[] = [];
    for (const [round, share] of [0.1, 0.5, 0.9, 1.5].entries()) {
      {
        await using server = await Server.start(environment);
        const pending = server.enrol("p", `cut-${round}`, variant(round)).then(
          (response) => response.body?.cancel(),
          () => {},
        );
        await new Promise((resolve) => setTimeout(resolve, share * took));
        await server.kill();
        await pending;
      }
      await using server = await Server.start(environment);
      const path = `/v1/patients/p/references/cut-${round}`;
      const { status } = await server.json(path);
      ok(status === 200 || status === 404, `status ${status}`);
      outcomes.push(status);
      const label = `?label=round-${round}`;
      const found = await fetch(
        `${server.url}/v1/patients/p/segmentations${label}`,
        { method: "POST", body: files.next },
      );
      equal(found.status, status);
      await found.body?.cancel();
      const kept = await server.segment("p", files.next);
      equal(kept.status, 200);
      await kept.body?.cancel();
    }
    ok(outcomes.includes(404), "the earliest kill comes before the end");
    console.log(`outcomes of the cut enrolments: ${outcomes.join(", ")}`);

    const kv = await Deno.openKv(environment.KV_PATH);
    const inAMinute = () => Date.now() + 61_000;
    const records = new RecordStore(kv, { now: inAMinute });
    await records.sweep();
    const versions = new Set<unknown>();
    for await (const { key, value } of kv.list({ prefix: [] })) {
      if (key[0] === "chunk") continue;
      ok(key[0] !== "pending", "a finished sweep leaves nothing pending");
      const { version } = value as { version?: string };
      if (version !== undefined) versions.add(version);
    }
    for await (const { key } of kv.list({ prefix: ["chunk"] })) {
      ok(versions.has(key[1]), "every chunk belongs to a record");
    }
    ok(await createProfileStore(records).get("default", "p", "kept"));
    kv.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
