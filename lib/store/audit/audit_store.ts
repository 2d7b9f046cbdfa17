import type { Bytes } from "../../core/bytes.ts";
import type { Keyring, WrappedKey } from "../encryption/keyring.ts";
import {
  createTagger,
  damaged,
  decrypt,
  encrypt,
  importKey,
} from "../encryption/primitives.ts";
import { retryLocked, tryCommit } from "../kv/retry.ts";
import {
  type AuditEntry,
  type AuditEvent,
  hashEntry,
  type Head,
} from "./hash_chain.ts";
import type { Kv } from "../kv/kv.ts";

/** The append-only audit trail, by tenant. It contains no names of patients. */
export interface AuditStore {
  /** Adds an event; it is in the trail when the promise resolves. */
  append(tenant: string, event: AuditEvent): Promise<void>;
  /** A tag that stands for a name in its place in a route; equal names have equal tags, which do not reveal them. */
  tag(tenant: string, ...path: string[]): Promise<string>;
  /** Entries, chain by chain, at most `limit`, from the one after `after`. */
  read(
    tenant: string,
    page: { after?: [chain: string, seq: number] | undefined; limit: number },
  ): Promise<AuditEntry[]>;
}

/** The trail of a host that stores nothing: none. */
export const NO_AUDIT: AuditStore = {
  append: () => Promise.resolve(),
  tag: () => Promise.resolve(""),
  read: () => Promise.resolve([]),
};

/** Most entries of one commit. */
const MAX_BATCH = 100;
/** Chains whose last entries a new chain holds. */
const HEADS = 8;

/** Where the trail's secret lies: 32 bytes for tags of names, and 32 for the encryption of entries. */
const SECRET_AT: Deno.KvKey = ["audit", "secret"];
const SECRET_CONTEXT = "audit";

/**
 * The trail in Deno KV, under `["audit", "entry", tenant, chain, seq]`. Every instance has its own chain for each
 * tenant, so that instances never wait for each other; events that arrive during a commit share the next one. With a
 * keyring entries are encrypted, so that nobody without it can forge one.
 */
export async function openAudit(
  kv: Kv,
  keyring: Keyring | null,
  now: () => number = Date.now,
): Promise<AuditStore> {
  const secret = await findOrCreateSecret(kv, keyring);
  const key = keyring && await importKey(secret.slice(32));
  const tag = await createTagger(secret.slice(0, 32));

  const encode = async (at: Deno.KvKey, entry: AuditEntry) => {
    const text = JSON.stringify(entry);
    return key === null ? text : await encryptText(key, at, text);
  };
  const decode = async (at: Deno.KvKey, stored: string | Bytes) => {
    if (key === null) {
      if (typeof stored !== "string") throw damaged();
      return JSON.parse(stored) as AuditEntry;
    }
    // Among encrypted entries, one in the clear is forged.
    if (typeof stored === "string") throw damaged();
    const text = await decrypt(key, JSON.stringify(at), stored);
    return JSON.parse(new TextDecoder().decode(text)) as AuditEntry;
  };

  /** Writes events of a tenant, one commit after another. */
  class Chain {
    #id = "";
    #next = 0;
    #hash = "";
    #waiting: (PromiseWithResolvers<void> & { event: AuditEvent })[] = [];
    #writing = false;

    constructor(readonly tenant: string) {}

    append(event: AuditEvent): Promise<void> {
      const waiting = { event, ...Promise.withResolvers<void>() };
      this.#waiting.push(waiting);
      if (!this.#writing) this.#write();
      return waiting.promise;
    }

    async #write(): Promise<void> {
      this.#writing = true;
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, MAX_BATCH);
        try {
          await this.#commit(batch.map(({ event }) => event));
          for (const { resolve } of batch) resolve();
        } catch (error) {
          // The batch may have been written or not: a new chain begins.
          this.#id = "";
          for (const { reject } of batch) reject(error);
        }
      }
      this.#writing = false;
    }

    async #commit(events: AuditEvent[]): Promise<void> {
      let heads: Head[] = [];
      if (this.#id === "") {
        heads = await this.#heads();
        this.#id = chainId(now());
        [this.#next, this.#hash] = [0, ""];
      }
      const commit = kv.atomic();
      let [seq, previous] = [this.#next, this.#hash];
      for (const event of events) {
        const unhashed = {
          chain: this.#id,
          seq,
          at: new Date(now()).toISOString(),
          ...event,
          heads: seq === 0 ? heads : [],
          previous,
        };
        const entry = { ...unhashed, hash: await hashEntry(unhashed) };
        const at = ["audit", "entry", this.tenant, this.#id, seq];
        commit.set(at, await encode(at, entry));
        previous = entry.hash;
        seq++;
      }
      const first = ["audit", "entry", this.tenant, this.#id, this.#next];
      commit.check({ key: first, versionstamp: null })
        .set(["audit", "head", this.tenant, this.#id], [seq - 1, previous]);
      if (!await tryCommit(commit)) {
        throw new Error(
          `Cannot append to chain ${this.#id}: entry ${this.#next} exists.`,
        );
      }
      [this.#next, this.#hash] = [seq, previous];
    }

    async #heads(): Promise<Head[]> {
      const heads: Head[] = [];
      const last = kv.list<[number, string]>(
        { prefix: ["audit", "head", this.tenant] },
        { limit: HEADS, reverse: true },
      );
      for await (const { key, value: [seq, hash] } of last) {
        heads.push([key[3] as string, seq, hash]);
      }
      return heads;
    }
  }

  const chains = new Map<string, Chain>();
  return {
    append(tenant, event) {
      let chain = chains.get(tenant);
      if (chain === undefined) chains.set(tenant, chain = new Chain(tenant));
      return chain.append(event);
    },
    async tag(tenant, ...path) {
      return (await tag([tenant, ...path])).toHex();
    },
    async read(tenant, { after, limit }) {
      const prefix = ["audit", "entry", tenant];
      const selector = after === undefined ? { prefix } : {
        start: [...prefix, after[0], after[1] + 1],
        end: [...prefix, true],
      };
      const found = kv.list<string | Bytes>(selector, { limit });
      const entries: AuditEntry[] = [];
      for await (const { key, value } of found) {
        entries.push(await decode(key, value));
      }
      return entries;
    },
  };
}

/** The trail's secret, created where there is none, and wrapped as soon as there is a keyring. */
async function findOrCreateSecret(
  kv: Kv,
  keyring: Keyring | null,
): Promise<Bytes> {
  for (;;) {
    const entry = await kv.get<Bytes | WrappedKey>(SECRET_AT);
    const stored = entry.value;
    if (stored !== null && !(stored instanceof Uint8Array)) {
      if (keyring === null) throw damaged();
      return await keyring.unwrap(SECRET_CONTEXT, stored);
    }
    if (stored !== null && keyring === null) return stored;
    const secret = stored ?? crypto.getRandomValues(new Uint8Array(64));
    const value = keyring === null
      ? secret
      : await keyring.wrap(SECRET_CONTEXT, secret);
    await tryCommit(kv.atomic().check(entry).set(SECRET_AT, value));
  }
}

function encryptText(
  key: CryptoKey,
  at: Deno.KvKey,
  text: string,
): Promise<Bytes> {
  return encrypt(key, JSON.stringify(at), new TextEncoder().encode(text));
}

/** Encrypts the entries of a trail that was in the clear. */
export async function encryptAudit(
  kv: Kv,
  keyring: Keyring,
): Promise<void> {
  const secret = await findOrCreateSecret(kv, keyring);
  const key = await importKey(secret.slice(32));
  const entries = kv.list<string | Bytes>({ prefix: ["audit", "entry"] });
  for await (const { key: at, value } of entries) {
    if (typeof value !== "string") continue;
    const encrypted = await encryptText(key, at, value);
    await retryLocked(() => kv.set(at, encrypted));
  }
}

/** Wraps the trail's secret under the newest operator key. */
export async function rewrapAudit(
  kv: Kv,
  keyring: Keyring,
): Promise<void> {
  const entry = await kv.get<WrappedKey>(SECRET_AT);
  if (entry.value === null || entry.value.id === keyring.newest) return;
  const secret = await findOrCreateSecret(kv, keyring);
  const wrapped = await keyring.wrap(SECRET_CONTEXT, secret);
  await tryCommit(kv.atomic().check(entry).set(SECRET_AT, wrapped));
}

/** An id that sorts after those of earlier chains. */
function chainId(time: number): string {
  const random = crypto.randomUUID().slice(0, 8);
  return `${time.toString(36).padStart(9, "0")}-${random}`;
}
