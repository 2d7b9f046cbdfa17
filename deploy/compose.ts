import { dirname } from "node:path";
import type { Services } from "../functions/services.ts";
import { createCatalogue } from "../lib/engine/catalogue.ts";
import { createEmbedder } from "../lib/engine/embedder.ts";
import { createEngine, type Engine } from "../lib/engine/engine.ts";
import { createPool } from "../lib/engine/pool.ts";
import { EdgeError } from "../lib/errors.ts";
import { locatePackage } from "../lib/model/locate.ts";
import {
  loadPackage,
  type Manifest,
  readManifest,
} from "../lib/model/package.ts";
import { createOnnxModel } from "../lib/runtime/onnx_model.ts";
import { openRuntime } from "../lib/runtime/runtime.ts";
import { BlobStore } from "../lib/store/blob.ts";
import { createEmbeddingStore } from "../lib/store/embeddings.ts";
import { createProfileStore } from "../lib/store/profiles.ts";
import { type Config, modelRoots } from "./config.ts";

/** How often the bytes of cut-off writes are removed, milliseconds. */
const SWEEP_MS = 60_000;

/** The composition root: builds everything that the functions are given. */
export async function compose(
  config: Config,
): Promise<Services & AsyncDisposable> {
  const folders = await modelFolders(config);
  const manifests = await Promise.all(folders.map(readManifest));
  requireDistinct(manifests);
  const kv = await openKv(config.KV_PATH);
  const blobs = new BlobStore(kv);
  await blobs.sweep();
  const pool = await createPool({
    folders: folders.map(({ href }) => href),
    runtime: config.RUNTIME,
    threads: config.THREADS,
    workers: config.WORKERS,
    queue: config.QUEUE,
    deadline: config.DEADLINE * 1000,
    maxPixels: config.MAX_PIXELS,
  });
  const sweeping = setInterval(() => {
    blobs.sweep().catch(() => {/* The next round tries again. */});
  }, SWEEP_MS);
  const embeddings = createEmbeddingStore(
    blobs,
    config.EMBEDDING_HOURS * 3_600_000,
  );
  const models = manifests.map((manifest, i) => {
    const engine = pool.engines[i];
    const embedder = createEmbedder(engine, embeddings, manifest.digest);
    return { manifest, engine, embedder };
  });
  return {
    models: createCatalogue(models),
    profiles: createProfileStore(blobs),
    maxBytes: config.MAX_BYTES,
    now: Date.now,
    async ready() {
      await kv.get(["ready"]);
      return pool.ready;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await pool[Symbol.asyncDispose]();
      kv.close();
    },
  };
}

/** An engine of the default model in this thread, for the command line. */
export async function composeEngine(config: Config): Promise<Engine> {
  const [folder] = await modelFolders(config);
  const model = await loadPackage(folder);
  const { RUNTIME: name, THREADS: threads } = config;
  const runtime = await openRuntime({ name, threads });
  const { encoder, decoder } = await createOnnxModel(model, runtime);
  return createEngine(encoder, decoder, model.geometry, {
    maxPixels: config.MAX_PIXELS,
  });
}

function modelFolders(config: Config): Promise<URL[]> {
  const roots = modelRoots(config);
  return Promise.all(config.MODEL.map((name) => locatePackage(name, roots)));
}

function requireDistinct(manifests: Manifest[]): void {
  const ids = manifests.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice === undefined) return;
  throw new EdgeError(
    "invalid-input",
    `MODEL names two packages of the id "${twice}"; a request could not choose between them.`,
  );
}

async function openKv(path: string): Promise<Deno.Kv> {
  const isFile = path !== ":memory:" && !/^https?:/.test(path);
  try {
    if (isFile) await Deno.mkdir(dirname(path), { recursive: true });
    return await Deno.openKv(path);
  } catch (error) {
    throw new EdgeError(
      "invalid-input",
      `KV_PATH ${path} cannot be opened: ${(error as Error).message}`,
    );
  }
}
