import { deepEqual, equal, ok } from "node:assert/strict";
import { EMBEDDED_MODELS } from "../../../deploy/config.ts";
import { createEngine } from "../../../lib/engine/engine.ts";
import { decodeRle } from "../../../lib/format/rle.ts";
import { iou, overlap } from "../../../lib/cli/score.ts";
import { locatePackage } from "../../../lib/model/locate.ts";
import { loadPackage } from "../../../lib/model/package.ts";
import type { Mask } from "../../../lib/pipeline/types.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/runtime.ts";
import { hasOneshot, ONESHOT } from "../../oneshot.ts";
import golden from "../../golden/road.json" with { type: "json" };

const GOLDEN = new URL("../../golden/", import.meta.url);

/** Run lengths down the columns, outside first. */
function fromRuns(runs: number[], width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((run, i) => {
    for (let k = at; i % 2 === 1 && k < at + run; k++) {
      data[(k % height) * width + Math.floor(k / height)] = 255;
    }
    at += run;
  });
  return { width, height, data };
}

const model = await loadPackage(
  await locatePackage(Deno.env.get("MODEL") ?? "nano", [EMBEDDED_MODELS]),
);
const engine = createOnnxModel(
  model,
  await openRuntime({ name: "wasm", threads: 2 }),
).then(({ encoder, decoder }) =>
  createEngine(encoder, decoder, model.geometry, { maxPixels: 1e7 })
);

Deno.test("the golden answers were made with the embedded model", () => {
  equal(golden.model, model.manifest.digest, "run tests/golden/road.py again");
});

for (const wanted of golden.cases) {
  const isReal = wanted.root === "oneshot";
  Deno.test({
    name: `the road on ${wanted.reference} equals the oracle's`,
    ignore: isReal && !hasOneshot,
    fn: () => compare(wanted, isReal ? ONESHOT : GOLDEN),
  });
}

async function compare(wanted: typeof golden.cases[number], root: URL) {
  const { embed, enrol, segment } = await engine;
  const read = (path: string) => Deno.readFile(new URL(path, root));
  const annotated = await embed({ bytes: await read(wanted.reference) });
  const file = { bytes: await read(wanted.mask) };
  const profile = await enrol(annotated.bytes, { file });
  equal(profile.patches, wanted.foreground);

  const embedding = await embed({ bytes: await read(wanted.image) });
  const answer = await segment(embedding.bytes, [profile.bytes], {});
  deepEqual(
    answer.candidates.map(({ points }) => points.map(({ x, y }) => [x, y])),
    wanted.candidates.map(({ points }) => points),
  );
  answer.candidates.forEach(({ distance }, i) => {
    const oracle = wanted.candidates[i].distance ?? Infinity;
    ok(
      distance === oracle || Math.abs(distance - oracle) <= 1e-2 * oracle,
      `distance ${distance}, the oracle's ${oracle}`,
    );
  });
  const winner = answer.candidates.findIndex(({ parts }) =>
    parts === answer.winner.parts
  );
  equal(winner, wanted.winner);
  const { width, height } = embedding.image;
  const truth = fromRuns(wanted.runs, width, height);
  const score = iou(overlap(decodeRle(answer.mask), truth));
  ok(score >= 0.99, `IoU ${score}`);
}
