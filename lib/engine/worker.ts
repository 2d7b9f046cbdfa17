/// <reference lib="deno.worker" />
import { EdgeError } from "../errors.ts";
import { createOnnxModel } from "../runtime/onnx.ts";
import { loadPackage } from "../model/package.ts";
import { createCollector } from "./collector.ts";
import { createEngine, type Engine } from "./engine.ts";
import {
  type Call,
  describeError,
  type Reply,
  type WorkerOptions,
} from "./protocol.ts";

/** One engine in a worker: the first message holds its options, every later one a call. */
const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (reply: Reply) => scope.postMessage(reply);
const collect = createCollector();
let engine: Engine;

async function start(
  { folder, threads, maxPixels }: WorkerOptions,
): Promise<void> {
  const model = await loadPackage(new URL(folder));
  const { encoder, decoder } = await createOnnxModel(model, threads).catch(
    (error) => {
      const why = `Cannot run the model: ${(error as Error).message}`;
      throw new EdgeError("invalid-input", why);
    },
  );
  engine = createEngine(encoder, decoder, model.geometry, { maxPixels });
}

async function answer({ method, args }: Call): Promise<unknown> {
  const operation = engine[method] as (...args: unknown[]) => Promise<unknown>;
  return await operation(...args);
}

scope.onmessage = async ({ data }: MessageEvent<WorkerOptions | Call>) => {
  try {
    post({ value: "folder" in data ? await start(data) : await answer(data) });
  } catch (error) {
    post({ error: describeError(error) });
  }
  collect();
};
