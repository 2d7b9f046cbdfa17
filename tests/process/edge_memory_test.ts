import { equal, ok } from "node:assert/strict";
import { EncodeHosts } from "../support/split.ts";
import { readFixture } from "../support/fixtures.ts";
import { enrol, files, postJson } from "../support/requests.ts";

/** The most memory that an edge process may hold, bytes. */
const LIMIT = 512e6;
const ROUNDS = 20;
const MODEL = { MODEL: "nano" };

Deno.test("an edge that serves prompts, masks and previews holds at most 512 MB", async () => {
  await using hosts = await EncodeHosts.start(1, MODEL);
  await using edge = await hosts.edge(":memory:", MODEL);
  equal((await enrol(edge, "p", "r")).status, 201);
  const made = await edge.json("/v1/embeddings", {
    method: "POST",
    body: files.next,
  });
  const embedding = made.body.id;
  const points = [{ x: 242, y: 138, label: 1 }];
  for (let i = 0; i < ROUNDS; i++) {
    const answers = [
      await postJson(edge, "/v1/patients/p/prompts", { embedding }),
      await postJson(edge, "/v1/masks", { embedding, points }),
    ];
    for (const answer of answers) {
      equal(answer.status, 200);
      await answer.body?.cancel();
    }
  }
  for (const name of ["12mp.heic", "12mp.avif"]) {
    for (let i = 0; i < 2; i++) {
      const answer = await edge.request("/v1/previews", {
        method: "POST",
        body: Uint8Array.from(readFixture(`../library_formats/${name}`)),
      });
      equal(answer.status, 200, name);
      await answer.body?.cancel();
    }
  }
  // What the last picture took is collected after its answer.
  let resident = await edge.residentMemory();
  for (let tries = 0; resident > LIMIT && tries < 50; tries++) {
    await new Promise((done) => setTimeout(done, 100));
    resident = await edge.residentMemory();
  }
  console.log(
    `edge: ready ${
      (edge.readyAfter / 1000).toFixed(1)
    } s after its start, resident ${Math.round(resident / 1e6)} MB, at most ${
      Math.round(await edge.peakMemory() / 1e6)
    } MB`,
  );
  ok(resident <= LIMIT, `${resident} bytes`);
});
