import { dirname } from "node:path";
import { EdgeError, invalidInput } from "../lib/core/errors.ts";
import { createAnswerStore } from "../lib/store/answers/answer_store.ts";
import { createUploadStore } from "../lib/store/uploads/upload_store.ts";
import { openAudit } from "../lib/store/audit/audit_store.ts";
import {
  createEmbeddingStore,
  type EmbeddingStore,
} from "../lib/store/embeddings/embedding_store.ts";
import { openKeyring } from "../lib/store/encryption/keyring.ts";
import { createImageStore } from "../lib/store/images/image_store.ts";
import { createPatientStore } from "../lib/store/patient_store.ts";
import { createProfileStore } from "../lib/store/profiles/profile_store.ts";
import { createPurger } from "../lib/store/erasure/purge_file.ts";
import { unchangedSince } from "../lib/store/erasure/erasure.ts";
import { createShift } from "../lib/store/shared/lease.ts";
import { createRateStore } from "../lib/store/shared/rate_store.ts";
import { RecordStore } from "../lib/store/records/record_store.ts";
import {
  cacheAddress,
  createCachedEmbeddings,
} from "../lib/store/embeddings/web_cache_embedding_store.ts";
import type { Config } from "./config.ts";
import type { Kv } from "../lib/store/kv/kv.ts";
import {
  isPostgres,
  withoutPassword,
} from "../lib/store/kv/postgres/address.ts";

/** How often what was cut off is finished, and what is too old erased, milliseconds. */
const SWEEP_MS = 60_000;
const DAY_MS = 86_400_000;

/** All that is stored, and what keeps it in order. */
export type State = Awaited<ReturnType<typeof composeState>>;

/** Opens the database of `KV_PATH` and the stores over it. */
export async function composeState(config: Config, open = openKv) {
  const kv = await open(config.KV_PATH);
  try {
    return await overKv(kv, config);
  } catch (error) {
    await kv.close();
    throw error;
  }
}

async function overKv(kv: Kv, config: Config) {
  const keyring = await openKeyring(kv, config.OPERATOR_KEYS);
  const purger = createPurger(kv, fileOf(config.KV_PATH));
  const purge = () =>
    purger.purge().catch(() => {/* The next sweep tries again. */});
  const cache = config.WEB_CACHE === "on"
    ? await caches.open("embeddings")
    : null;
  const records = new RecordStore(kv, {
    keyring,
    patientErased: purge,
    embeddingErased: async (at) => {
      await cache?.delete(cacheAddress(at)).catch(() => false);
    },
  });
  const audit = await openAudit(kv, keyring);
  const lifetime = config.EMBEDDING_HOURS * 3_600_000;
  const embeddings = createEmbeddingStore(records, lifetime);

  const uploads = createUploadStore(records, config.UPLOAD_BYTES);
  const shift = createShift(kv, "sweep", SWEEP_MS * 0.9);
  const retain = async () => {
    const { days, tenants } = config.RETENTION_DAYS;
    const oldest = (tenant: string) =>
      Date.now() - (tenants.get(tenant) ?? days) * DAY_MS;
    for await (const { owner, change } of unchangedSince(kv, oldest)) {
      await audit.append(owner[1], {
        caller: "retention",
        operation: "erase",
        names: [await audit.tag(owner[1], "patients", owner[2])],
        phase: "begun",
        status: null,
        request: "",
      });
      await records.erasure.erase(owner, [change]);
    }
  };
  let closed = false;
  /** What is done in turn: one that fails is named, and the others follow. */
  const chores: [name: string, run: () => Promise<unknown>][] = [
    ["remove what interrupted writes left", () => records.sweep()],
    ["remove expired uploads", () => uploads.sweep()],
    ["erase patients at the end of their retention", retain],
    ["purge the database's file", () => purger.purge()],
  ];
  const sweep = async () => {
    for (const [name, run] of chores) {
      if (closed) return;
      await run().catch((error) => closed || reportChore(name, error));
    }
  };
  // What was erased is not served. One process removes the rest, soon.
  await records.erasure.finishAll();
  const sweeping = setInterval(() => {
    shift.run(sweep).catch(() => {/* The next sweep tries again. */});
  }, SWEEP_MS);
  shift.run(sweep, true).catch(() => {/* As above. */});
  return {
    kv,
    encrypted: keyring !== null,
    profiles: createProfileStore(records),
    patients: createPatientStore(records, lifetime),
    images: createImageStore(records),
    answers: createAnswerStore(records),
    uploads,
    withWebCache: (store: EmbeddingStore) =>
      cache === null ? store : createCachedEmbeddings(cache, store, records),
    embeddings,
    audit,
    rates: isShared(config.KV_PATH)
      ? createRateStore(kv, (caller) => audit.tag("", "rate", caller))
      : undefined,
    async [Symbol.asyncDispose]() {
      closed = true;
      clearInterval(sweeping);
      purger[Symbol.dispose]();
      await kv.close();
    },
  };
}

/** A line of the log; a message may quote what is stored, so that only the kind of the error is told. */
function reportChore(chore: string, error: unknown): void {
  const { name, code = null } = error as { name: string; code?: string };
  console.error(
    JSON.stringify({ level: "error", chore, name, code }),
  );
}

/** The database's file, where it is one of this machine. */
export function fileOf(path: string): string | null {
  const elsewhere = path === "host" || path === ":memory:" ||
    /^https?:\/\//i.test(path) || isPostgres(path);
  return elsewhere ? null : path;
}

/** Whether processes on other machines may use the database. */
function isShared(path: string): boolean {
  return path !== ":memory:" && fileOf(path) === null;
}

/**
 * @param path a file, `:memory:`, a KV Connect or PostgreSQL URL, or `host` for the database that the host provides.
 * @param how whether a file, or a store in a PostgreSQL database, must be there already.
 * @throws EdgeError `invalid-input` for what cannot be opened, and for a URL of another scheme.
 */
export async function openKv(
  path: string,
  how: { isThere: boolean } = { isThere: false },
): Promise<Kv> {
  if (path === "host") return await Deno.openKv();
  const file = fileOf(path);
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(file ?? "") ?? [];
  if (scheme !== undefined) {
    throw invalidInput(
      `KV_PATH must be a file, or an http://, https:// or postgres:// URL; it begins with ${scheme}:. ` +
        `For a file of that name, write ./${scheme}:…`,
    );
  }
  try {
    if (isPostgres(path)) {
      // The driver is loaded only where it is used.
      const { openPostgres } = await import(
        "../lib/store/kv/postgres/postgres_kv.ts"
      );
      return await openPostgres(path, how);
    }
    if (file !== null) {
      if (how.isThere) await Deno.stat(file);
      else await Deno.mkdir(dirname(file), { recursive: true });
    }
    return await Deno.openKv(path);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw invalidInput(
      `KV_PATH ${withoutPassword(path)} cannot be opened: ${messageOf(error)}`,
    );
  }
}

/** An error's message; a failed connection to several addresses has none but its causes'. */
function messageOf(error: unknown): string {
  const { message, cause, errors } = error as AggregateError;
  return message || [errors?.[0], cause].filter(Boolean).map(messageOf).join();
}
