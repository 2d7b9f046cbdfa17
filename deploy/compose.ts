import { dirname } from "node:path";
import type { Services } from "../functions/services.ts";
import { createEmbedder } from "../lib/engine/embedder.ts";
import { createEngine, type Engine } from "../lib/engine/engine.ts";
import { createPool } from "../lib/engine/pool.ts";
import { EdgeError } from "../lib/errors.ts";
import { loadPackage, readManifest } from "../lib/model/package.ts";
import { createOnnxModel } from "../lib/runtime/onnx.ts";
import { BlobStore } from "../lib/store/blob.ts";
import { createEmbeddingStore } from "../lib/store/embeddings.ts";
import { createProfileStore } from "../lib/store/profiles.ts";
import { type Config, modelFolder } from "./config.ts";

/** How often the bytes of cut-off writes are removed, milliseconds. */
const SWEEP_MS = 60_000;

/** The composition root: builds everything that the functions are given. */
export async function compose(
  config: Config,
): Promise<Services & AsyncDisposable> {
  const folder = modelFolder(config.MODEL);
  const manifest = await readManifest(folder);
  const kv = await openKv(config.KV_PATH);
  const blobs = new BlobStore(kv);
  await blobs.sweep();
  const pool = await createPool({
    folder: folder.href,
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
  return {
    engine: pool,
    embedder: createEmbedder(pool, embeddings, manifest.digest),
    profiles: createProfileStore(blobs),
    model: manifest,
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

/** An engine in this thread, for the command line. */
export async function composeEngine(config: Config): Promise<Engine> {
  const model = await loadPackage(modelFolder(config.MODEL));
  const { encoder, decoder } = await createOnnxModel(model, config.THREADS);
  return createEngine(encoder, decoder, model.geometry, {
    maxPixels: config.MAX_PIXELS,
  });
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
