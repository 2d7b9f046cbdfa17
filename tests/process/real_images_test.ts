import { equal, ok } from "node:assert/strict";
import { composeModel } from "../../deploy/compose_engine.ts";
import { readConfig } from "../../deploy/config.ts";
import { findDatasets } from "../../lib/evaluation/data_set.ts";
import { form } from "../support/requests.ts";
import { length } from "../support/length.ts";
import { hasOneshot, ONESHOT } from "../support/oneshot.ts";
import { Server } from "../support/server.ts";

Deno.test({
  name:
    "real images over HTTP give the masks that the engine gives in this process",
  ignore: !hasOneshot,
  fn: compareEveryImage,
});

async function compareEveryImage(t: Deno.TestContext) {
  const folder = await Deno.makeTempDir();
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: `${folder}/edge.kv`,
    // Enough for all augmentations of a reference on a busy machine.
    DEADLINE: "600",
  });
  const { engine } = await composeModel(readConfig({}));
  for (const { name: set, subjects } of findDatasets(ONESHOT.pathname)) {
    for (
      const { name, pairs: [reference, ...targets] } of subjects.slice(
        0,
        length(1, subjects.length),
      )
    ) {
      await t.step(`${set} ${name}`, async () => {
        const patient = `${set}.${name}`;
        const image = await Deno.readFile(reference.image);
        const mask = await Deno.readFile(reference.mask);
        equal(
          (await server.enrol(patient, "00", form({ image, mask }))).status,
          201,
        );
        const annotated = await engine.embed({ bytes: image });
        const { bytes: profile } = await engine.enrol(
          annotated.bytes,
          { file: { bytes: mask } },
          { image: { bytes: image }, budget: Infinity },
        );
        for (const target of targets.slice(0, length(1, targets.length))) {
          const bytes = await Deno.readFile(target.image);
          const response = await server.segment(patient, bytes);
          equal(response.status, 200);
          const { mask } = await response.json();
          const embedding = await engine.embed({ bytes });
          const answer = await engine.segment(
            embedding.bytes,
            [profile],
            {},
          );
          ok(mask.counts.length > 0);
          equal(mask.counts, answer.mask.counts);
        }
      });
    }
  }
  await Deno.remove(folder, { recursive: true });
}
