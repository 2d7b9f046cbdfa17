import { invalidInput } from "../lib/core/errors.ts";
import type { Engines, OpenModel } from "../lib/cli/open_model.ts";
import { createEngine } from "../lib/engine/local_engine.ts";
import { startWorkers } from "../lib/engine/workers.ts";
import { isMatched, loadPackage, readManifest } from "../lib/model/package.ts";
import { defaultRecipe } from "../lib/pipeline/recipe.ts";
import { createOnnxModel } from "../lib/runtime/onnx_model.ts";
import { openRuntime } from "../lib/runtime/open_runtime.ts";
import { environmentOf, modelFolders, workersFor } from "./compose_models.ts";
import { type Config, readConfig } from "./config.ts";

/** The longest time that a timer can wait, milliseconds: some 25 days. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** For the command line: an engine of the default model in this thread, and what receipts say of it. */
export async function composeModel(config: Config): Promise<OpenModel> {
  const model = await loadPackage(await defaultFolder(config));
  const { RUNTIME: name, THREADS: threads } = config;
  const runtime = await openRuntime({ name, threads, encodes: true });
  const { encoder, decoder } = await createOnnxModel(model, runtime);
  const limits = { maxPixels: config.MAX_PIXELS };
  const { id, digest } = model.manifest;
  return {
    id,
    digest,
    recipe: defaultRecipe(model.geometry.matched),
    engine: createEngine(encoder, decoder, model.geometry, limits),
    ...limits,
    environment: environmentOf(runtime.description, "local"),
  };
}

/** The model of this process's settings. */
export const openModel = (): Promise<OpenModel> =>
  composeModel(readConfig(Deno.env.toObject()));

/** For the command line: the default model in `WORKERS` threads, whose calls wait and run as long as they take. */
export async function composeEngines(config: Config): Promise<Engines> {
  const folder = await defaultFolder(config);
  const manifest = await readManifest(folder);
  const workers = await startWorkers({
    ...workersFor(config, [folder]),
    components: ["encoder", "decoder"],
    queue: Infinity,
    tenantQueue: Infinity,
    batch: 1,
    deadline: LONGEST_WAIT,
  });
  const { signal } = new AbortController();
  return {
    recipe: defaultRecipe(isMatched(manifest)),
    engine: workers.engineFor(0, { tenant: "", signal }),
    maxPixels: config.MAX_PIXELS,
    // While every worker segments, this thread reads the next image.
    parallel: config.WORKERS + 1,
    [Symbol.asyncDispose]: () => workers[Symbol.asyncDispose](),
  };
}

async function defaultFolder(config: Config): Promise<URL> {
  const [folder] = await modelFolders(config);
  if (folder !== undefined) return folder;
  throw invalidInput("MODEL names no package.");
}
