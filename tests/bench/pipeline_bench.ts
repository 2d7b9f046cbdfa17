/** Each stage of the pipeline with the embedded model, on a generated patient. */
import { composeModel } from "../../deploy/compose_engine.ts";
import { readConfig } from "../../deploy/config.ts";
import { files } from "../support/requests.ts";

const { engine } = await composeModel(readConfig(Deno.env.toObject()));
const { bytes: annotated } = await engine.embed({ bytes: files.image });
const { bytes: target } = await engine.embed({ bytes: files.next });
const annotation = { file: { bytes: files.mask } };
const { bytes: profile } = await engine.enrol(annotated, annotation);

Deno.bench("embed one image", { group: "pipeline" }, async () => {
  await engine.embed({ bytes: files.next });
});

Deno.bench("enrol, given the embedding", { group: "pipeline" }, async () => {
  await engine.enrol(annotated, annotation);
});

Deno.bench("propose points", { group: "pipeline" }, async () => {
  await engine.propose(target, profile);
});

Deno.bench("decode one click", { group: "pipeline" }, async () => {
  await engine.decode(target, { points: [{ x: 250, y: 130, label: 1 }] });
});

Deno.bench(
  "segment, given the embedding",
  { group: "pipeline", baseline: true },
  async () => {
    await engine.segment(target, [profile], {});
  },
);
