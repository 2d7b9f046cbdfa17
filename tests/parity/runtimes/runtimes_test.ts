import { deepEqual, ok } from "node:assert/strict";
import { EMBEDDED_MODELS } from "../../../deploy/config.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { loadPackage } from "../../../lib/model/package.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/open_runtime.ts";
import type { Runtime, RuntimeName } from "../../../lib/runtime/runtime.ts";

/** The largest difference allowed, relative to the largest value of the tensor. */
const TOLERANCE = 1e-3;

const nano = await loadPackage(new URL("nano/", EMBEDDED_MODELS));

/** The embedding of one random image, and the outputs for a click and a box with a mask on it. */
async function answers(runtime: Runtime): Promise<Record<string, Tensor>> {
  const { encoder, decoder } = await createOnnxModel(nano, runtime);
  const { size, lowResMask } = nano.geometry;
  const random = mulberry32(7);
  const noise = (length: number) =>
    Float32Array.from({ length }, () => 4 * random() - 2);
  const [embedding] = await encoder.encode([noise(3 * size * size)]);
  const prompt = {
    coords: Float32Array.of(200, 150, 100, 80, 300, 290),
    labels: Float32Array.of(1, 2, 3),
    mask: noise(lowResMask ** 2),
  };
  const { logits, predictedIou } = await decoder.decode(embedding, prompt);
  return {
    ...embedding,
    logits: { dims: [lowResMask, lowResMask], data: logits },
    predictedIou: { dims: [1], data: Float32Array.of(predictedIou) },
  };
}

Deno.test("images encoded together equal those encoded alone, bit for bit", async () => {
  const runtime = await openRuntime({
    name: "wasm",
    threads: 1,
    encodes: true,
  });
  const { encoder } = await createOnnxModel(nano, runtime);
  ok(encoder.batches);
  const random = mulberry32(8);
  const length = 3 * nano.geometry.size ** 2;
  const images = [1, 2].map(() =>
    Float32Array.from({ length }, () => 4 * random() - 2)
  );
  const alone = [];
  for (const image of images) alone.push(...await encoder.encode([image]));
  deepEqual(await encoder.encode(images), alone);
});

const wanted = openRuntime({ name: "wasm", threads: 1, encodes: true }).then(
  answers,
);

/** The runtime, or why it cannot start here. */
async function tryToOpen(name: RuntimeName): Promise<Runtime | string> {
  try {
    return await openRuntime({ name, threads: 2, encodes: true });
  } catch (error) {
    if (error instanceof EdgeError) return error.message;
    throw error;
  }
}

for (const name of ["webgpu", "native"] as const) {
  const runtime = await tryToOpen(name);
  if (typeof runtime === "string") console.log(`skipped: ${runtime}`);
  Deno.test({
    name: `${name} agrees with WASM to ${TOLERANCE}`,
    ignore: typeof runtime === "string",
    // A GPU device and a native library stay open for as long as the process lives.
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      const [oracle, found] = [
        await wanted,
        await answers(runtime as Runtime),
      ];
      deepEqual(Object.keys(found).sort(), Object.keys(oracle).sort());
      for (const [key, { data, dims }] of Object.entries(oracle)) {
        deepEqual(found[key].dims, dims);
        let [scale, error] = [0, 0];
        data.forEach((value, i) => {
          scale = Math.max(scale, Math.abs(value));
          error = Math.max(error, Math.abs(value - found[key].data[i]));
        });
        console.log(`${name}, ${key}: ${(error / scale).toExponential(1)}`);
        ok(
          error <= TOLERANCE * scale,
          `${key} differs by ${error} of ${scale}`,
        );
      }
    },
  });
}
