import {
  type AuditEntry,
  type AuditEvent,
  hashEntry,
  type Head,
} from "./hash_chain.ts";
import { committed } from "../kv/blob_store.ts";
import {
  damaged,
  decrypt,
  encrypt,
  importKey,
  type Keyring,
  type Wrapped,
} from "../encryption/operator_keys.ts";
import { whenUnlocked } from "../kv/retry_locked.ts";
import type { AuditStore } from "../profiles/profile_store.ts";
import type { Bytes } from "../../core/bytes.ts";

/** Entries of one commit. */
const MOST = 100;
/** Chains whose last entries a new chain holds. */
const HEADS = 8;

/** Where the trail's secret lies: 32 bytes that hide names, 32 that seal entries. */
const SECRET: Deno.KvKey = ["audit", "secret"];
const CONTEXT = "audit";

/** An event that waits to be written, and who waits for it. */
interface Waiting {
  event: AuditEvent;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The trail in Deno KV, under `["audit", "entry", tenant, chain, seq]`. Every instance has a chain of its
 * own for each tenant, so that instances never wait for each other, and what comes while a commit is under
 * way is committed together. With a keyring entries are sealed, so that nobody without it can forge one.
 */
export async function openAudit(
  kv: Deno.Kv,
  keyring: Keyring | null,
  now: () => number = Date.now,
): Promise<AuditStore> {
  const secret = await requireSecret(kv, keyring);
  const sealing = keyring && await importKey(secret.slice(32));
  const tagging = await crypto.subtle.importKey(
    "raw",
    secret.slice(0, 32),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );

  const seal = async (at: Deno.KvKey, entry: AuditEntry) =>
    sealing === null
      ? JSON.stringify(entry)
      : await sealText(sealing, at, JSON.stringify(entry));
  const open = async (at: Deno.KvKey, stored: string | Bytes) => {
    const clear = typeof stored === "string";
    // One in the clear among sealed ones is forged.
    if (clear !== (sealing === null)) throw damaged();
    if (clear) return JSON.parse(stored) as AuditEntry;
    const text = await decrypt(sealing!, JSON.stringify(at), stored);
    return JSON.parse(new TextDecoder().decode(text)) as AuditEntry;
  };

  /** Writes events of a tenant, one commit after another. */
  class Chain {
    #name = "";
    #next = 0;
    #hash = "";
    #waiting: Waiting[] = [];
    #writing = false;

    constructor(readonly tenant: string) {}

    append(event: AuditEvent): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#waiting.push({ event, resolve, reject });
      if (!this.#writing) this.#write();
      return promise;
    }

    async #write(): Promise<void> {
      this.#writing = true;
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, MOST);
        try {
          await this.#commit(batch.map(({ event }) => event));
          for (const { resolve } of batch) resolve();
        } catch (error) {
          // Whether it was written is not known: a new chain begins.
          this.#name = "";
          for (const { reject } of batch) reject(error);
        }
      }
      this.#writing = false;
    }

    async #commit(events: AuditEvent[]): Promise<void> {
      let heads: Head[] = [];
      if (this.#name === "") {
        heads = await this.#heads();
        this.#name = nameChain(now());
        [this.#next, this.#hash] = [0, ""];
      }
      const commit = kv.atomic();
      let [seq, previous] = [this.#next, this.#hash];
      for (const event of events) {
        const unhashed = {
          chain: this.#name,
          seq,
          at: new Date(now()).toISOString(),
          ...event,
          heads: seq === 0 ? heads : [],
          previous,
        };
        const entry = { ...unhashed, hash: await hashEntry(unhashed) };
        const key = ["audit", "entry", this.tenant, this.#name, seq];
        commit.set(key, await seal(key, entry));
        previous = entry.hash;
        seq++;
      }
      const first = ["audit", "entry", this.tenant, this.#name, this.#next];
      commit.check({ key: first, versionstamp: null })
        .set(["audit", "head", this.tenant, this.#name], [seq - 1, previous]);
      if (!await committed(commit)) throw new Error("The chain was written.");
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
      const text = new TextEncoder().encode(JSON.stringify([tenant, ...path]));
      const mac = await crypto.subtle.sign("HMAC", tagging, text);
      return new Uint8Array(mac, 0, 16).toHex();
    },
    async read(tenant, { after, limit }) {
      const prefix = ["audit", "entry", tenant];
      const start = after && [...prefix, after[0], after[1] + 1];
      const end = [...prefix, true];
      const found = kv.list<string | Bytes>(
        start === undefined ? { prefix } : { start, end },
        { limit },
      );
      const entries: AuditEntry[] = [];
      for await (const { key, value } of found) {
        entries.push(await open(key, value));
      }
      return entries;
    },
  };
}

/** The trail of a host that stores nothing of anybody: none. */
export const NO_AUDIT: AuditStore = {
  append: () => Promise.resolve(),
  tag: () => Promise.resolve(""),
  read: () => Promise.resolve([]),
};

/** The trail's secret, made where there is none; sealed as soon as there is a keyring. */
async function requireSecret(
  kv: Deno.Kv,
  keyring: Keyring | null,
): Promise<Bytes> {
  for (;;) {
    const entry = await kv.get<Bytes | Wrapped>(SECRET);
    const stored = entry.value;
    if (stored !== null && !(stored instanceof Uint8Array)) {
      if (keyring === null) throw damaged();
      return await keyring.unwrap(CONTEXT, stored);
    }
    if (stored !== null && keyring === null) return stored;
    const secret = stored ?? crypto.getRandomValues(new Uint8Array(64));
    const value = keyring === null
      ? secret
      : await keyring.wrap(CONTEXT, secret);
    await committed(kv.atomic().check(entry).set(SECRET, value));
  }
}

function sealText(
  key: CryptoKey,
  at: Deno.KvKey,
  text: string,
): Promise<Bytes> {
  return encrypt(key, JSON.stringify(at), new TextEncoder().encode(text));
}

/** Seals the entries of a trail that was in the clear. */
export async function sealAudit(
  kv: Deno.Kv,
  keyring: Keyring,
): Promise<void> {
  const secret = await requireSecret(kv, keyring);
  const sealing = await importKey(secret.slice(32));
  const entries = kv.list<string | Bytes>({ prefix: ["audit", "entry"] });
  for await (const { key, value } of entries) {
    if (typeof value !== "string") continue;
    const sealed = await sealText(sealing, key, value);
    await whenUnlocked(() => kv.set(key, sealed));
  }
}

/** Wraps the trail's secret under the newest operator key. */
export async function rewrapAudit(
  kv: Deno.Kv,
  keyring: Keyring,
): Promise<void> {
  const entry = await kv.get<Wrapped>(SECRET);
  if (entry.value === null || entry.value.id === keyring.newest) return;
  const secret = await requireSecret(kv, keyring);
  const wrapped = await keyring.wrap(CONTEXT, secret);
  await whenUnlocked(() =>
    kv.atomic().check(entry).set(SECRET, wrapped).commit()
  );
}

/** A name that comes after those of earlier chains. */
function nameChain(time: number): string {
  const random = crypto.randomUUID().slice(0, 8);
  return `${time.toString(36).padStart(9, "0")}-${random}`;
}
