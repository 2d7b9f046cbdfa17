import product from "../deno.json" with { type: "json" };
import type { Services } from "../functions/services.ts";
import { Quota } from "../lib/access/quota.ts";
import type { Engines } from "../lib/cli/engines.ts";
import type { OpenModel } from "../lib/cli/open_model.ts";
import { createCatalogue } from "../lib/engine/catalogue.ts";
import { createEmbedder } from "../lib/engine/embedder.ts";
import { createEngine, type Engine } from "../lib/engine/engine.ts";
import {
  type EngineWorkers,
  startWorkers,
  type WorkersOptions,
} from "../lib/engine/workers.ts";
import type { EngineFor } from "../lib/engine/work.ts";
import { EdgeError } from "../lib/core/errors.ts";
import { locatePackage } from "../lib/model/locate.ts";
import {
  loadPackage,
  type Manifest,
  type ModelComponent,
  readManifest,
} from "../lib/model/package.ts";
import {
  createEncodeClient,
  type EncodeClient,
} from "../lib/remote/encode_client.ts";
import { systemClock } from "../lib/remote/clock.ts";
import { encodeRemotely } from "../lib/remote/remote_engine.ts";
import type { Environment } from "../lib/receipt/provenance.ts";
import { createOnnxModel } from "../lib/runtime/onnx_model.ts";
import { openRuntime } from "../lib/runtime/runtime.ts";
import type { RuntimeDescription } from "../lib/runtime/types.ts";
import { withDeadline, within } from "../lib/store/deadline.ts";
import { NO_AUDIT } from "../lib/store/audit/trail.ts";
import { createSigner, type Trust } from "../lib/core/signing.ts";
import { createMemoryEmbeddings } from "../lib/store/memory_embeddings.ts";
import { observeEngine } from "../lib/telemetry/observe_engine.ts";
import { observeFetch } from "../lib/telemetry/observe_fetch.ts";
import { observeCache, observeStore } from "../lib/telemetry/observe_store.ts";
import { createTelemetry, type Telemetry } from "../lib/telemetry/telemetry.ts";
import { composeState } from "./compose_state.ts";
import { type Config, modelRoots, tenantShare } from "./config.ts";

/** What a model gets at least to be loaded and run once, seconds. */
const START_S = 60;

/** The longest time that a timer can wait, milliseconds: some 25 days. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** How soon a store must answer to be called ready, milliseconds. */
const READY_MS = 2000;

/** What bodies of requests take of memory unless it is said, bytes. */
const BODY_MEMORY = 256 * 2 ** 20;

/** Series in progress, each with its body on disk. */
const MAX_SERIES = 8;

/** What an entry point's functions use. */
export interface Needs {
  /** Images are encoded: by encode hosts where `ENCODE_URL` names them, else in this process. */
  encoder: boolean;
  decoder: boolean;
  /** Something is stored; without it embeddings are cached in memory. */
  state: boolean;
}

/**
 * The composition root: builds everything that the functions are given.
 *
 * @param closing aborted when the process is told to stop.
 * @param openWorkers what runs the models; disposed of with the services.
 */
export async function compose(
  config: Config,
  needs: Needs = { encoder: true, decoder: true, state: true },
  closing: AbortSignal = new AbortController().signal,
  openWorkers: (options: WorkersOptions) => Promise<EngineWorkers> =
    startWorkers,
): Promise<Services & AsyncDisposable> {
  // What was opened is closed again where the rest cannot be.
  await using opened = new AsyncDisposableStack();
  const spans = await openExporter(config);
  opened.defer(async () => {
    await spans?.shutdown().catch(() => {/* The collector is away. */});
  });
  const telemetry = createTelemetry(spans);
  const { metrics } = telemetry;
  const client = needs.encoder ? composeClient(config, telemetry) : undefined;
  const parts: ModelComponent[] = [];
  if (needs.encoder && client === undefined) parts.push("encoder");
  if (needs.decoder) parts.push("decoder");
  const folders = await modelFolders(config);
  const manifests = await Promise.all(folders.map(readManifest));
  requireDistinct(manifests);
  const state = await composeState(
    needs.state ? config : { ...config, KV_PATH: ":memory:" },
  );
  opened.use(state);
  const deadline = config.DEADLINE * 1000;
  const bodyMemory = config.BODY_MEMORY ??
    Math.max(BODY_MEMORY, config.MAX_BYTES);
  const pool = await openWorkers({
    folders: folders.map(({ href }) => href),
    parts,
    runtime: config.RUNTIME,
    threads: config.THREADS,
    workers: config.WORKERS,
    queue: config.QUEUE,
    tenantQueue: tenantShare(config.QUEUE, config),
    // In WASM an image takes as long in a batch as alone.
    batch: config.ENCODE_BATCH ?? (config.RUNTIME === "wasm" ? 1 : 4),
    deadline,
    startDeadline: startDeadlineOf(config, folders.length),
    maxPixels: config.MAX_PIXELS,
    observer: {
      waited: (ms) => metrics.waits.observe(ms / 1000),
      lost: () => metrics.replacements.inc(),
    },
  });
  opened.use(pool);
  metrics.watchWorkers(() => pool.state);
  const lifetime = config.EMBEDDING_HOURS * 3_600_000;
  const maxBytes = config.ENCODE_CACHE * 2 ** 20;
  const stored = <T extends object>(name: string, store: T) =>
    observeStore(withDeadline(store, deadline), name, telemetry);
  const embeddings = observeCache(
    needs.state
      ? state.withWebCache(stored("embeddings", state.embeddings))
      : createMemoryEmbeddings({ maxBytes, lifetime }),
    telemetry,
  );
  const models = manifests.map((manifest, i) => {
    const localFor: EngineFor = (work) => pool.engineFor(i, work);
    const askFor = client === undefined
      ? localFor
      : encodeRemotely(localFor, client, manifest.id);
    const engineFor: EngineFor = (work) =>
      observeEngine(askFor(work), telemetry);
    const embedder = createEmbedder(engineFor, embeddings, manifest.digest);
    return { manifest, engineFor, embedder };
  });
  const trust = await composeTrust(config);
  const services = {
    models: createCatalogue(models),
    profiles: stored("profiles", state.profiles),
    patients: stored("patients", state.patients),
    audit: needs.state ? stored("audit", state.audit) : NO_AUDIT,
    trust,
    sealed: state.sealed || !needs.state,
    environment: environmentOf(
      pool.runtime,
      client === undefined ? "local" : "remote",
    ),
    telemetry,
    maxBytes: config.MAX_BYTES,
    memory: new Quota({
      most: bodyMemory,
      // A body of the largest size passes in any case.
      perTenant: Math.max(config.MAX_BYTES, tenantShare(bodyMemory, config)),
      what: "bytes of bodies",
    }),
    series: new Quota({
      most: MAX_SERIES,
      perTenant: tenantShare(MAX_SERIES, config),
      what: "series",
    }),
    deadline,
    maxReferences: config.MAX_REFERENCES,
    maxSeriesBytes: config.MAX_SERIES_BYTES,
    // While one image is segmented here, hosts encode the next.
    parallel: config.WORKERS + (config.ENCODE_URL?.length ?? 0),
    // Somebody waits for the enrolment to end.
    selfTestBudget: deadline / 6,
    ...(client && { encodeAvailable: () => client.available }),
    closing,
    now: Date.now,
    async ready() {
      const answers = await within(READY_MS, state.kv.get(["ready"]))
        .then(() => true, () => false);
      return answers && pool.ready && !closing.aborted;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  const owned = opened.move();
  return services;
}

/** An engine of the default model in this thread, and what receipts say of it, for the command line. */
export async function composeModel(config: Config): Promise<OpenModel> {
  const [folder] = await modelFolders(config);
  const model = await loadPackage(folder);
  const { RUNTIME: name, THREADS: threads } = config;
  const runtime = await openRuntime({ name, threads, encodes: true });
  const { encoder, decoder } = await createOnnxModel(model, runtime);
  const limits = { maxPixels: config.MAX_PIXELS };
  const { id, digest } = model.manifest;
  return {
    id,
    digest,
    engine: createEngine(encoder, decoder, model.geometry, limits),
    ...limits,
    environment: environmentOf(runtime.description, "local"),
  };
}

/** An engine of the default model in this thread. */
export async function composeEngine(config: Config): Promise<Engine> {
  return (await composeModel(config)).engine;
}

/** The default model in as many threads as there are workers, for the command line: a call waits and runs as long as it takes. */
export async function composeEngines(config: Config): Promise<Engines> {
  const [folder] = await modelFolders(config);
  const pool = await startWorkers({
    folders: [folder.href],
    parts: ["encoder", "decoder"],
    runtime: config.RUNTIME,
    threads: config.THREADS,
    workers: config.WORKERS,
    queue: Infinity,
    tenantQueue: Infinity,
    batch: 1,
    deadline: LONGEST_WAIT,
    startDeadline: startDeadlineOf(config, 1),
    maxPixels: config.MAX_PIXELS,
  });
  const { signal } = new AbortController();
  return {
    engine: pool.engineFor(0, { tenant: "", signal }),
    maxPixels: config.MAX_PIXELS,
    // While every worker segments, this thread reads the next image.
    parallel: config.WORKERS + 1,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** What workers get to load so many models, milliseconds. */
function startDeadlineOf({ DEADLINE }: Config, models: number): number {
  return Math.max(DEADLINE, START_S) * 1000 * models;
}

function environmentOf(
  runtime: RuntimeDescription,
  encoder: "local" | "remote",
): Environment {
  const { deno, v8 } = Deno.version;
  const platform = Deno.build.target;
  return {
    runtime: { ...runtime, encoder, deno, v8, platform },
    version: product.version,
  };
}

async function composeTrust(
  { SIGNING_KEY, TRUSTED_KEYS }: Config,
): Promise<Trust> {
  if (SIGNING_KEY === undefined) return { trusted: TRUSTED_KEYS };
  const signer = await createSigner(SIGNING_KEY);
  return { signer, trusted: [signer.publicKey, ...TRUSTED_KEYS] };
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

function composeClient(
  config: Config,
  telemetry: Telemetry,
): EncodeClient | undefined {
  const { ENCODE_URL, ENCODE_TOKEN, ENCODE_TIMEOUT } = config;
  if (ENCODE_URL === undefined) return undefined;
  return createEncodeClient({
    urls: ENCODE_URL,
    token: ENCODE_TOKEN,
    tries: 3 + ENCODE_URL.length,
    timeout: ENCODE_TIMEOUT * 1000,
    deadline: config.DEADLINE * 1000,
    maxBytes: config.MAX_BYTES,
    backoff: { base: 200, most: 5000 },
    breaker: { failures: 5, rest: 2000 },
  }, {
    fetch: observeFetch(fetch, telemetry),
    clock: systemClock,
    random: Math.random,
    wall: Date.now,
  });
}

/** The code of the exporter is loaded only where spans have somewhere to go. */
async function openExporter({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Config) {
  if (endpoint === undefined) return undefined;
  const { createExporter } = await import("../lib/telemetry/otlp.ts");
  return createExporter(endpoint);
}
