import type { Services } from "../functions/services.ts";
import { TenantQuota } from "../lib/quota/tenant_quota.ts";
import { invalidInput } from "../lib/core/errors.ts";
import { createSigner, type Trust } from "../lib/core/signing.ts";
import { createCatalogue } from "../lib/engine/catalogue.ts";
import { createEmbedder } from "../lib/engine/embedder.ts";
import type { EngineFor } from "../lib/engine/work.ts";
import {
  type EngineWorkers,
  startWorkers,
  type WorkersOptions,
} from "../lib/engine/workers.ts";
import { createTaskImages } from "../lib/label_studio/task_image.ts";
import {
  type Manifest,
  type ModelComponent,
  readManifest,
} from "../lib/model/package.ts";
import { createEncodeClient } from "../lib/remote/encode_client.ts";
import { encodeRemotely } from "../lib/remote/remote_engine.ts";
import { NO_AUDIT } from "../lib/store/audit/audit_store.ts";
import { withDeadline, within } from "../lib/store/deadline.ts";
import { createMemoryEmbeddings } from "../lib/store/embeddings/embedding_store.ts";
import {
  createTelemetry,
  observeCache,
  observeEngine,
  observeFetch,
  observeStore,
  type Telemetry,
} from "../lib/telemetry/telemetry.ts";
import { composeArchive } from "./compose_archive.ts";
import { environmentOf, modelFolders, workersFor } from "./compose_models.ts";
import { composeState, openKv } from "./compose_state.ts";
import { type Config, tenantShare } from "./config.ts";

/** How soon a store must answer to be called ready, milliseconds. */
const READY_MS = 2000;

/** How long a request waits for the count of its caller's requests, milliseconds. */
const RATE_MS = 1000;

/** Memory for request bodies, unless `BODY_MEMORY` states it, bytes. */
const BODY_MEMORY = 256 * 2 ** 20;

/** How long Label Studio may take to send an image, milliseconds. */
const TASK_IMAGE_MS = 20_000;

/** Series in progress, each with its body on disk. */
const MAX_SERIES = 8;

/** What the functions of an entry point use. */
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
 * @param openWorkers starts what runs the models; it is disposed of with the services.
 * @param open opens the database.
 */
export async function compose(
  config: Config,
  needs: Needs = { encoder: true, decoder: true, state: true },
  closing: AbortSignal = new AbortController().signal,
  openWorkers: (options: WorkersOptions) => Promise<EngineWorkers> =
    startWorkers,
  open = openKv,
): Promise<Services & AsyncDisposable> {
  // Where a later step fails, what was opened before is closed again.
  await using opened = new AsyncDisposableStack();
  const spans = await openExporter(config);
  opened.defer(async () => {
    await spans?.shutdown().catch(() => {/* The collector is away. */});
  });
  const telemetry = createTelemetry(spans);
  const { metrics } = telemetry;

  const client = needs.encoder
    ? composeEncodeClient(config, telemetry)
    : undefined;
  const components: ModelComponent[] = [];
  if (needs.encoder && client === undefined) components.push("encoder");
  if (needs.decoder) components.push("decoder");
  const folders = await modelFolders(config);
  const manifests = await Promise.all(folders.map(readManifest));
  requireDistinct(manifests);

  const state = await composeState(
    needs.state ? config : { ...config, KV_PATH: ":memory:" },
    open,
  );
  opened.use(state);
  const deadline = config.DEADLINE * 1000;
  const stored = <T extends object>(name: string, store: T) =>
    observeStore(withDeadline(store, deadline), name, telemetry);
  const embeddings = observeCache(
    needs.state
      ? state.withWebCache(stored("embeddings", state.embeddings))
      : createMemoryEmbeddings({
        maxBytes: config.ENCODE_CACHE * 2 ** 20,
        lifetime: config.EMBEDDING_HOURS * 3_600_000,
      }),
    telemetry,
  );

  const workers = await openWorkers({
    ...workersFor(config, folders),
    components,
    queue: config.QUEUE,
    tenantQueue: tenantShare(config.QUEUE, config),
    // In WASM an image takes as long in a batch as alone.
    batch: config.ENCODE_BATCH ?? (config.RUNTIME === "wasm" ? 1 : 4),
    deadline,
    observer: {
      waited: (ms) => metrics.waits.observe(ms / 1000),
      lost: () => metrics.replacements.inc(),
    },
  });
  opened.use(workers);
  metrics.watchWorkers(() => workers.state);
  const models = manifests.map((manifest, i) => {
    const localFor: EngineFor = (work) => workers.engineFor(i, work);
    const askFor = client === undefined
      ? localFor
      : encodeRemotely(localFor, client, manifest.id);
    const engineFor: EngineFor = (work) =>
      observeEngine(askFor(work), telemetry);
    const embedder = createEmbedder(engineFor, embeddings, manifest.digest);
    return { manifest, engineFor, embedder };
  });

  const trust = await composeTrust(config);
  const archive = composeArchive(config);
  const services = {
    models: createCatalogue(models),
    profiles: stored("profiles", state.profiles),
    patients: stored("patients", state.patients),
    images: stored("images", state.images),
    imageLifetime: config.EMBEDDING_HOURS * 3_600_000,
    readTaskImage: composeTaskImages(config),
    uploads: stored("uploads", state.uploads),
    answers: stored("answers", state.answers),
    audit: needs.state ? stored("audit", state.audit) : NO_AUDIT,
    ...(archive && {
      archive: observeStore(archive, "archive", telemetry),
    }),
    trust,
    encrypted: state.encrypted || !needs.state,
    environment: environmentOf(
      workers.runtime,
      client === undefined ? "local" : "remote",
    ),
    telemetry,
    ...limitsOf(config),
    ...(state.rates && { rates: withDeadline(state.rates, RATE_MS) }),
    deadline,
    // While one image is segmented here, hosts encode the next.
    parallel: config.WORKERS + (config.ENCODE_URL?.length ?? 0),
    // A person waits for the enrolment to end.
    selfTestBudget: deadline / 6,
    ...(client && { encodeAvailable: () => client.available }),
    closing,
    now: Date.now,
    async ready() {
      const answers = await within(READY_MS, state.kv.get(["ready"]))
        .then(() => true, () => false);
      return answers && workers.ready && !closing.aborted;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  const owned = opened.move();
  return services;
}

/** The client of the encode hosts that `ENCODE_URL` names; undefined where it names none. */
function composeEncodeClient(config: Config, telemetry: Telemetry) {
  const { ENCODE_URL, ENCODE_TOKEN, ENCODE_TIMEOUT } = config;
  if (ENCODE_URL === undefined) return undefined;
  return createEncodeClient({
    urls: ENCODE_URL,
    ...(ENCODE_TOKEN !== undefined && { token: ENCODE_TOKEN }),
    tries: 3 + ENCODE_URL.length,
    timeout: ENCODE_TIMEOUT * 1000,
    deadline: config.DEADLINE * 1000,
    maxBytes: config.MAX_BYTES,
    backoff: { base: 200, most: 5000 },
    breaker: { failures: 5, cooldown: 2000 },
  }, { fetch: observeFetch(fetch, telemetry) });
}

function composeTaskImages(config: Config) {
  const { LABEL_STUDIO_URL: url, LABEL_STUDIO_TOKEN: token } = config;
  return createTaskImages({
    host: url && { url, token },
    maxBytes: config.MAX_BYTES,
    timeout: TASK_IMAGE_MS,
    fetch,
  });
}

/** What requests may take, and what tenants share. */
function limitsOf(config: Config) {
  const { MAX_BYTES: maxBytes } = config;
  const bodyMemory = config.BODY_MEMORY ?? Math.max(BODY_MEMORY, maxBytes);
  return {
    maxBytes,
    maxSeriesBytes: config.MAX_SERIES_BYTES,
    maxReferences: config.MAX_REFERENCES,
    bodyQuota: new TenantQuota({
      most: bodyMemory,
      // A body of the largest size passes in any case.
      perTenant: Math.max(maxBytes, tenantShare(bodyMemory, config)),
      what: "bytes of request bodies",
    }),
    seriesQuota: new TenantQuota({
      most: MAX_SERIES,
      perTenant: tenantShare(MAX_SERIES, config),
      what: "series",
    }),
  };
}

async function composeTrust(
  { SIGNING_KEY, TRUSTED_KEYS }: Config,
): Promise<Trust> {
  if (SIGNING_KEY === undefined) return { trusted: TRUSTED_KEYS };
  const signer = await createSigner(SIGNING_KEY);
  return { signer, trusted: [signer.publicKey, ...TRUSTED_KEYS] };
}

function requireDistinct(manifests: Manifest[]): void {
  const ids = manifests.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice === undefined) return;
  throw invalidInput(
    `MODEL names two packages of the id "${twice}"; a request could not choose between them.`,
  );
}

/** The code of the exporter is loaded only where spans have somewhere to go. */
async function openExporter({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Config) {
  if (endpoint === undefined) return undefined;
  const { createExporter } = await import("../lib/telemetry/otlp.ts");
  return createExporter(endpoint);
}
