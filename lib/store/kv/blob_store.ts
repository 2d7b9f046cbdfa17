import { type Bytes, concat } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import { retryLocked, tryCommit } from "./retry.ts";
import type { Kv, KvAtomic } from "./kv.ts";

/** Bytes of one chunk in Deno KV: under its limit of 64 KiB a value. */
const CHUNK_BYTES = 60_000;
/** Bytes of chunks in one commit, unless one chunk has more: under Deno KV's limit of 800 KiB. */
const COMMIT_BYTES = 12 * CHUNK_BYTES;
/** Removals of one commit: under Deno KV's limit of 1000 mutations. */
const REMOVALS_PER_COMMIT = 500;
/** After this long an unfinished write counts as abandoned. */
const ABANDONED_AFTER_MS = 60_000;
/** How often a read starts again because a writer replaced the version that it was reading. */
const READ_ATTEMPTS = 5;

/** A small record and the large bytes that belong to it. */
export interface Stored<T> {
  record: T;
  bytes: Bytes;
}

/** What was read, and which write it came from. */
export interface Versioned<T> extends Stored<T> {
  version: string;
}

/** Bytes of one write, and how many chunks hold them. */
interface Version {
  version: string;
  chunks: number;
}

/** What is stored at the record's key: the record, and where its bytes are. */
interface Manifest<T> extends Version {
  record: T;
}

/** What else a commit checks and writes together with a record. */
export interface Commit {
  /** Entries that must still be as they were read; else the commit fails with `Stale`. */
  guards?: Deno.AtomicCheck[];
  sets?: {
    key: Deno.KvKey;
    value: unknown;
    expireIn?: number | undefined;
  }[];
  /** Milliseconds after which KV may forget the record. */
  expireIn?: number | undefined;
}

/** A guard of a commit no longer holds. */
export class Stale extends Error {}

/** A record to write, and where. */
export interface Entry<T> extends Stored<T> {
  key: Deno.KvKey;
  /** The version to replace: null for none, undefined for any. When another one is stored, nothing is written. */
  ifVersion?: string | null | undefined;
}

/** An entry whose bytes are written. Its `pending` entry protects them from `sweep` until the manifest is written. */
interface Written<T> extends Pick<Entry<T>, "key" | "ifVersion"> {
  claim: Deno.AtomicCheck;
  manifest: Manifest<T>;
}

/**
 * Records with large bytes in a database of keys. The bytes are written first, in chunks under a new version; the manifest is
 * written last, in one commit, so that a reader sees either all of the old state or all of the new one. Versions that
 * no manifest names yet, or that are replaced but not yet removed, are listed under `pending`; `sweep` removes those
 * that a crash left there.
 */
export class BlobStore {
  readonly #chunkBytes: number;

  constructor(readonly kv: Kv, readonly now: () => number = Date.now) {
    this.#chunkBytes = kv.chunkBytes ?? CHUNK_BYTES;
  }

  /** Reads the record, its bytes and its version, or null. */
  async read<T>(key: Deno.KvKey): Promise<Versioned<T> | null> {
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const { value } = await this.kv.get<Manifest<T>>(key);
      if (value === null) return null;
      const { record, version, chunks } = value;
      const bytes = await this.#readChunks(version, chunks);
      if (bytes !== null) return { record, bytes, version };
    }
    return null;
  }

  /** The records below a prefix, in key order. */
  async list<T>(prefix: Deno.KvKey): Promise<{ key: Deno.KvKey; record: T }[]> {
    const found = [];
    for await (const { key, value } of this.kv.list<Manifest<T>>({ prefix })) {
      found.push({ key, record: value.record });
    }
    return found;
  }

  /**
   * Writes or replaces several records, all or none.
   *
   * @returns how many were replaced; null when nothing was written, because another version of one is stored.
   * @throws Stale
   * @throws EdgeError `conflict` when the write took so long that `sweep` removed its bytes.
   */
  async write<T>(
    entries: Entry<T>[],
    also: Commit = {},
  ): Promise<number | null> {
    const expiry = expiryOf(also);
    const written: Written<T>[] = [];
    for (const { key, record, bytes, ifVersion } of entries) {
      const version = crypto.randomUUID();
      const pending = ["pending", version];
      const { versionstamp } = await retryLocked(() =>
        this.kv.set(pending, this.now(), expiry)
      );
      const claim = { key: pending, versionstamp };
      const chunks = await this.#writeChunks(version, bytes, claim, expiry);
      const manifest: Manifest<T> = { version, chunks, record };
      written.push({ key, claim, manifest, ifVersion });
    }
    const replaced = await this.#writeManifests(written, also, expiry);
    for (const unused of replaced ?? written.map(({ manifest }) => manifest)) {
      await this.#removeVersion(unused).catch(
        () => {/* It is pending: sweep will remove it. */},
      );
    }
    return replaced === null ? null : replaced.length;
  }

  /** Removes a record and its bytes; false when there is none. @throws Stale */
  async delete(key: Deno.KvKey, also: Commit = {}): Promise<boolean> {
    for (;;) {
      const before = await this.kv.get<Manifest<unknown>>(key);
      if (before.value === null) return false;
      const { version, chunks } = before.value;
      const removal = this.kv.atomic().check(before).delete(key)
        .set(["pending", version], this.now());
      if (await tryCommit(withAlso(removal, also))) {
        await this.#removeVersion({ version, chunks });
        return true;
      }
      await this.#requireGuards(also);
    }
  }

  /**
   * Removes the bytes of writes and removals that a crash cut short. Their `pending` entry is rewritten first, so that
   * a slow writer notices and gives up.
   */
  async sweep(): Promise<void> {
    const entries = this.kv.list<number>({ prefix: ["pending"] });
    for await (const { key, value, versionstamp } of entries) {
      if (value > this.now() - ABANDONED_AFTER_MS) continue;
      const claim = this.kv.atomic().check({ key, versionstamp })
        .set(key, this.now());
      if (!await tryCommit(claim)) continue;
      const version = key[1] as string;
      let chunks = 0;
      for await (
        const { key } of this.kv.list({ prefix: ["chunk", version] })
      ) {
        chunks = key[2] as number + 1;
      }
      await this.#removeVersion({ version, chunks });
    }
  }

  /** Writes the chunks of a version, as long as its claim stands; returns how many. */
  async #writeChunks(
    version: string,
    bytes: Bytes,
    claim: Deno.AtomicCheck,
    expiry: { expireIn?: number },
  ): Promise<number> {
    const size = this.#chunkBytes;
    const chunks = Math.ceil(bytes.length / size);
    const perCommit = Math.max(1, Math.floor(COMMIT_BYTES / size));
    for (let from = 0; from < chunks; from += perCommit) {
      const commit = this.kv.atomic().check(claim);
      for (let i = from; i < Math.min(chunks, from + perCommit); i++) {
        const chunk = bytes.slice(i * size, (i + 1) * size);
        commit.set(["chunk", version, i], chunk, expiry);
      }
      if (!await tryCommit(commit)) throw abandoned();
    }
    return chunks;
  }

  /** Makes the written versions current; returns those replaced, or null when another version of one is stored. */
  async #writeManifests<T>(
    written: Written<T>[],
    also: Commit,
    expiry: { expireIn?: number },
  ): Promise<Version[] | null> {
    for (;;) {
      const commit = this.kv.atomic();
      const replaced: Version[] = [];
      for (const { key, claim, manifest, ifVersion } of written) {
        const before = await this.kv.get<Manifest<T>>(key);
        const version = before.value?.version ?? null;
        if (ifVersion !== undefined && ifVersion !== version) {
          return null;
        }
        commit.check(before, claim).set(key, manifest, expiry)
          .delete(claim.key);
        if (before.value === null) continue;
        replaced.push(before.value);
        commit.set(["pending", before.value.version], this.now());
      }
      if (await tryCommit(withAlso(commit, also))) return replaced;
      await this.#requireGuards(also);
      for (const { claim } of written) {
        const { versionstamp } = await this.kv.get(claim.key);
        if (versionstamp !== claim.versionstamp) throw abandoned();
      }
    }
  }

  async #requireGuards({ guards = [] }: Commit): Promise<void> {
    for (const { key, versionstamp } of guards) {
      const now = await this.kv.get(key);
      if (now.versionstamp !== versionstamp) throw new Stale();
    }
  }

  /** The bytes of a version, or null when some of its chunks are gone. */
  async #readChunks(version: string, count: number): Promise<Bytes | null> {
    const prefix = ["chunk", version];
    const chunks: Uint8Array[] = [];
    for await (const { value } of this.kv.list<Uint8Array>({ prefix })) {
      chunks.push(value);
    }
    return chunks.length === count ? concat(chunks) : null;
  }

  /** Removes the bytes of a version, and then its `pending` entry. */
  async #removeVersion({ version, chunks }: Version): Promise<void> {
    const keys: Deno.KvKey[] = Array.from(
      { length: chunks },
      (_, i) => ["chunk", version, i],
    );
    keys.push(["pending", version]);
    for (let from = 0; from < keys.length; from += REMOVALS_PER_COMMIT) {
      const removal = this.kv.atomic();
      for (const key of keys.slice(from, from + REMOVALS_PER_COMMIT)) {
        removal.delete(key);
      }
      await tryCommit(removal);
    }
  }
}

function withAlso(
  operation: KvAtomic,
  { guards = [], sets = [] }: Commit,
): KvAtomic {
  operation.check(...guards);
  for (const { key, value, ...expiry } of sets) {
    operation.set(key, value, expiryOf(expiry));
  }
  return operation;
}

function expiryOf(
  { expireIn }: Pick<Commit, "expireIn">,
): { expireIn?: number } {
  return expireIn === undefined ? {} : { expireIn };
}

function abandoned(): EdgeError {
  const why = `writing it took longer than ${
    ABANDONED_AFTER_MS / 1000
  } s and was given up`;
  return new EdgeError(
    "conflict",
    `Cannot store the data: ${why}; send it again.`,
  );
}
