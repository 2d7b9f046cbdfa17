import { deepEqual, equal } from "node:assert/strict";
import { inFolder } from "../support/in_folder.ts";
import { enrol, files, form, segment } from "../support/requests.ts";
import { Server } from "../support/server.ts";
import { type Answers, SEALING } from "../support/write_store.ts";

const STORES = new URL("../support/stores/", import.meta.url);

/** Writes the store that an earlier version left, and reads what it had answered. */
async function earlier(name: string, path: string): Promise<Answers> {
  const packed = await Deno.open(new URL(`${name}.kv.gz`, STORES));
  const store = packed.readable.pipeThrough(new DecompressionStream("gzip"));
  await Deno.writeFile(path, store);
  const answers = new URL(`${name}.json`, STORES);
  return JSON.parse(await Deno.readTextFile(answers));
}

for (
  const [name, environment] of Object.entries({
    clear: {},
    sealed: { OPERATOR_KEYS: SEALING },
  })
) {
  Deno.test(`a store that the version before left goes on as it was, ${name}`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/edge.kv`;
      const { patient, segmentation } = await earlier(name, path);
      await using server = await Server.start({
        ...environment,
        KV_PATH: path,
      });

      const named = (references: Answers["patient"]["references"]) =>
        references.map(({ reference, label }) => [reference, label]).sort();
      const known = await server.json("/v1/patients/p");
      deepEqual(named(known.body.references), named(patient.references));
      const listed = await server.json("/v1/patients");
      deepEqual(listed.body.patients, ["p"]);

      const answer = await (await segment(server, "p")).json();
      const { size, counts } = segmentation.mask;
      deepEqual([answer.mask.size, answer.mask.counts], [size, counts]);
      const replayed = await server.json("/v1/receipts/replay", {
        method: "POST",
        body: form({
          receipt: JSON.stringify(segmentation.receipt),
          image: files.next,
          patient: "p",
        }),
      });
      deepEqual([replayed.status, replayed.body.identical], [200, true]);

      const revisions = await server.json(
        "/v1/patients/p/labels/target/revisions",
      );
      equal(revisions.body.revisions.length, 2);
      equal((await enrol(server, "p", "third")).status, 201);
      const erased = await server.request("/v1/patients/p", {
        method: "DELETE",
      });
      equal(erased.status, 204);
      equal((await server.request("/v1/patients/p")).status, 404);
    }));
}
