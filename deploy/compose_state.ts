import { dirname } from "node:path";
import { EdgeError } from "../lib/core/errors.ts";
import { openAudit } from "../lib/store/audit/trail.ts";
import { createEmbeddingStore } from "../lib/store/embeddings.ts";
import { openKeyring } from "../lib/store/encryption/keyring.ts";
import { createPatientStore } from "../lib/store/patients.ts";
import { createProfileStore } from "../lib/store/profiles.ts";
import { createScrubber } from "../lib/store/encryption/scrub.ts";
import type { EmbeddingStore } from "../lib/store/types.ts";
import { Vault } from "../lib/store/encryption/vault.ts";
import {
  cacheAddress,
  createCachedEmbeddings,
} from "../lib/store/web_cache.ts";
import type { Config } from "./config.ts";

/** How often interrupted erasures are finished, and patients past their retention erased, milliseconds. */
const SWEEP_MS = 60_000;
const DAY_MS = 86_400_000;

/** The stores, and the work that keeps them in order. */
export type State = Awaited<ReturnType<typeof composeState>>;

/** Opens the database of `KV_PATH` and the stores over it. */
export async function composeState(config: Config) {
  const kv = await openKv(config.KV_PATH);
  try {
    return await overKv(kv, config);
  } catch (error) {
    kv.close();
    throw error;
  }
}

async function overKv(kv: Deno.Kv, config: Config) {
  const keyring = await openKeyring(kv, config.OPERATOR_KEYS);
  const scrubber = createScrubber(kv, fileOf(config.KV_PATH));
  const scrub = () =>
    scrubber.scrub().catch(() => {/* The next sweep tries again. */});
  const cache = config.WEB_CACHE === "on"
    ? await caches.open("embeddings")
    : null;
  const vault = new Vault(kv, {
    keyring,
    erased: scrub,
    forget: async (hidden) => {
      await cache?.delete(cacheAddress(hidden)).catch(() => false);
    },
  });
  const audit = await openAudit(kv, keyring);
  const lifetime = config.EMBEDDING_HOURS * 3_600_000;
  const embeddings = createEmbeddingStore(vault, lifetime);

  const sweep = async () => {
    await vault.sweep();
    const { days, tenants } = config.RETENTION_DAYS;
    const oldest = (tenant: string) =>
      Date.now() - (tenants.get(tenant) ?? days) * DAY_MS;
    for await (const owner of vault.changedBefore(oldest)) {
      await audit.append(owner[1], {
        caller: "retention",
        operation: "erase",
        names: [await audit.tag(owner[1], "patients", owner[2])],
        phase: "begun",
        status: null,
        request: "",
      });
      await vault.eraseOwner(owner);
    }
    await scrub();
  };
  await vault.sweep();
  const sweeping = setInterval(() => {
    sweep().catch(() => {/* The next sweep tries again. */});
  }, SWEEP_MS);
  sweep().catch(() => {/* As above. */});
  return {
    kv,
    encrypted: keyring !== null,
    profiles: createProfileStore(vault),
    patients: createPatientStore(vault, lifetime),
    withWebCache: (store: EmbeddingStore) =>
      cache === null ? store : createCachedEmbeddings(cache, store, vault),
    embeddings,
    audit,
    [Symbol.dispose]() {
      clearInterval(sweeping);
      scrubber[Symbol.dispose]();
      kv.close();
    },
  };
}

/** The file of the database; null for one that is not a file of this machine. */
export function fileOf(path: string): string | null {
  const elsewhere = path === "host" || path === ":memory:" ||
    /^https?:/.test(path);
  return elsewhere ? null : path;
}

/** @param path a file, `:memory:`, a KV Connect URL, or `host` for the database that the host provides. */
export async function openKv(path: string): Promise<Deno.Kv> {
  if (path === "host") return await Deno.openKv();
  const file = fileOf(path);
  try {
    if (file !== null) await Deno.mkdir(dirname(file), { recursive: true });
    return await Deno.openKv(path);
  } catch (error) {
    throw new EdgeError(
      "invalid-input",
      `KV_PATH ${path} cannot be opened: ${(error as Error).message}`,
    );
  }
}
