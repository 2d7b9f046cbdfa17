/// <reference lib="deno.worker" />
import { EdgeError } from "../core/errors.ts";
import { createOnnxModel } from "../runtime/onnx_model.ts";
import { openRuntime } from "../runtime/open_runtime.ts";
import { loadPackage } from "../model/package.ts";
import { replyToMessages } from "./reply_to_messages.ts";
import type { BatchEngine, InputFile } from "./engine.ts";
import { createEngine } from "./local_engine.ts";
import {
  type Call,
  describeError,
  type Loaded,
  type Reply,
  type WorkerOptions,
} from "./protocol.ts";
import { Stops } from "./stops.ts";

/** An engine per model in a worker: the first message holds the options, every later one a call. */
const scope = self as unknown as DedicatedWorkerGlobalScope;
const engines: BatchEngine[] = [];
const stops = new Stops();

async function start(
  { folders, components, runtime: name, threads, maxPixels }: WorkerOptions,
): Promise<Loaded[]> {
  const loaded: Loaded[] = [];
  const encodes = components.includes("encoder");
  const runtime = await openRuntime({ name, threads, encodes }).catch(
    (error) => {
      if (error instanceof EdgeError) throw error;
      const why = `RUNTIME=${name} cannot start: ${(error as Error).message}`;
      throw new EdgeError("invalid-input", why);
    },
  );
  for (const folder of folders) {
    const model = await loadPackage(new URL(folder), components);
    const networks = await createOnnxModel(model, runtime).catch(
      (error) => {
        const why = `Cannot run the model "${model.manifest.id}": ${
          (error as Error).message
        }`;
        throw new EdgeError("invalid-input", why);
      },
    );
    const { encoder, decoder } = stops.between(networks);
    const { geometry } = model;
    engines.push(createEngine(encoder, decoder, geometry, { maxPixels }));
    const { description } = runtime;
    loaded.push({ batches: encoder.batches, runtime: description });
  }
  return loaded;
}

async function answer({ model, method, args }: Call): Promise<unknown> {
  if (method === "embedImages") {
    const made = await engines[model]!.embedImages(args as InputFile[]);
    return made.map((one): Reply =>
      one.status === "fulfilled"
        ? { value: one.value }
        : { error: describeError(one.reason) }
    );
  }
  const operation = engines[model]![method] as (
    ...args: unknown[]
  ) => Promise<unknown>;
  return await operation(...args);
}

replyToMessages(
  scope,
  (message: WorkerOptions | Call) =>
    "folders" in message ? start(message) : answer(message),
  stops,
);
