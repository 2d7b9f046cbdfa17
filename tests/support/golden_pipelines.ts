import { equal } from "node:assert/strict";
import { EMBEDDED_MODELS } from "../../deploy/config.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { createEngine } from "../../lib/engine/local_engine.ts";
import { locatePackage } from "../../lib/model/locate.ts";
import { loadPackage } from "../../lib/model/package.ts";
import { createOnnxModel } from "../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../lib/runtime/open_runtime.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { comparePipeline, GOLDEN, type GoldenCase } from "./golden_pipeline.ts";
import { hasOneshot, ONESHOT } from "./oneshot.ts";
import embedded from "../parity/golden/pipeline.json" with { type: "json" };
import natural from "../parity/golden/random-natural.json" with {
  type: "json",
};
import sam2 from "../parity/golden/random-sam2.json" with { type: "json" };

const narrow = (id: string) => new URL(`models/${id}/`, GOLDEN);

const MODELS = [
  {
    folder: await locatePackage(Deno.env.get("MODEL") ?? "nano", [
      EMBEDDED_MODELS,
    ]),
    golden: embedded,
  },
  { folder: narrow("random-natural"), golden: natural },
  { folder: narrow("random-sam2"), golden: sam2 },
];

/**
 * Tests the engine against the oracle's answers on the embedded model and on narrow ones with random weights.
 *
 * @param isReal whether to test the cases of real images, or those of generated ones.
 */
export async function testPipelines(isReal: boolean): Promise<void> {
  const runtime = await openRuntime({
    name: "wasm",
    threads: 1,
    encodes: true,
  });
  for (const { folder, golden } of MODELS) {
    await testModel(runtime, folder, golden, isReal);
  }
}

async function testModel(
  runtime: Runtime,
  folder: URL,
  golden: { model: string; cases: unknown[] },
  isReal: boolean,
): Promise<void> {
  const model = await loadPackage(folder);
  const { id, digest } = model.manifest;
  let opened: Promise<Engine> | undefined;
  const engine = () =>
    opened ??= createOnnxModel(model, runtime).then(({ encoder, decoder }) =>
      createEngine(encoder, decoder, model.geometry, { maxPixels: 1e7 })
    );

  if (!isReal) {
    Deno.test(`the golden answers of ${id} were made with it`, () => {
      equal(golden.model, digest, "run tests/parity/golden/pipeline.py again");
    });
  }

  for (const wanted of golden.cases as GoldenCase[]) {
    if (isReal !== (wanted.root === "oneshot")) continue;
    const recipe = wanted.recipe ?? "medical";
    Deno.test({
      name:
        `${id}, ${recipe}: the pipeline on ${wanted.reference} equals the oracle's`,
      ignore: isReal && !hasOneshot,
      fn: async () =>
        comparePipeline(await engine(), wanted, isReal ? ONESHOT : GOLDEN),
    });
  }
}
