import { type Bytes, concat } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import { whenUnlocked } from "./retry_locked.ts";

/** Bytes of one chunk: under Deno KV's limit of 64 KiB a value. */
const CHUNK_BYTES = 60_000;
/** Chunks of one commit: under the limit of 800 KiB a commit. */
const CHUNKS_PER_COMMIT = 12;
/** A write that has not finished after this long never will. */
const ABANDONED_AFTER_MS = 60_000;
/** Rounds in which a read may meet a concurrent writer. */
const ATTEMPTS = 5;

/** What a manifest needs to find its bytes. */
interface BlobRef {
  version: string;
  chunks: number;
}

/** A small record and the large bytes that belong to it. */
export interface Stored<T> {
  record: T;
  bytes: Bytes;
}

/** What was read, and which write it came from. */
export interface Read<T> extends Stored<T> {
  version: string;
}

type Manifest<T> = BlobRef & { record: T };

/** What else a commit checks and writes together with a record. */
export interface Commit {
  /** Entries that must still be as they were read; else the commit fails with `Stale`. */
  guards?: Deno.AtomicCheck[];
  sets?: { key: Deno.KvKey; value: unknown; expireIn?: number }[];
  /** Milliseconds after which KV may forget the record. */
  expireIn?: number;
}

/** A guard of a commit no longer holds. */
export class Stale extends Error {}

/** A record to write, and where. */
export interface Entry<T> extends Stored<T> {
  key: Deno.KvKey;
  /** The version that it is to replace, null for none: else nothing is written. Any where left out. */
  was?: string | null;
}

/** An entry whose bytes are written, and what claims them until it is flipped. */
interface Written<T> extends Pick<Entry<T>, "key" | "was"> {
  claim: Deno.AtomicCheck;
  manifest: Manifest<T>;
}

/**
 * Records with large bytes in Deno KV. Bytes go first, in chunks under a fresh version; the manifest
 * is flipped last, in one commit, so that a reader sees the old whole or the new whole. Versions that
 * are written but not yet flipped, or replaced but not yet removed, are listed under `pending`, and
 * `sweep` removes what a crash left there.
 */
export class BlobStore {
  constructor(readonly kv: Deno.Kv, readonly now: () => number = Date.now) {}

  /** Reads the record and its bytes, or null. */
  async get<T>(key: Deno.KvKey): Promise<Stored<T> | null> {
    const found = await this.read<T>(key);
    return found && { record: found.record, bytes: found.bytes };
  }

  /** Reads as `get` does, and tells the version for `replace`. */
  async read<T>(key: Deno.KvKey): Promise<Read<T> | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { value } = await this.kv.get<Manifest<T>>(key);
      if (value === null) return null;
      const bytes = await this.#read(value);
      const { record, version } = value;
      if (bytes !== null) return { record, bytes, version };
    }
    return null;
  }

  /** Reads the record alone, or null. */
  async record<T>(key: Deno.KvKey): Promise<T | null> {
    return (await this.kv.get<Manifest<T>>(key)).value?.record ?? null;
  }

  /** The records below a prefix, in key order. */
  async records<T>(
    prefix: Deno.KvKey,
  ): Promise<{ key: Deno.KvKey; record: T }[]> {
    const found = [];
    for await (const { key, value } of this.kv.list<Manifest<T>>({ prefix })) {
      found.push({ key, record: value.record });
    }
    return found;
  }

  /**
   * Writes or replaces; the last writer wins.
   *
   * @param expireIn milliseconds after which KV may forget it.
   * @returns whether something was replaced.
   */
  async put<T>(
    key: Deno.KvKey,
    stored: Stored<T>,
    expireIn?: number,
  ): Promise<boolean> {
    return await this.commit([{ key, ...stored }], { expireIn }) !== 0;
  }

  /**
   * Writes or replaces, unless another has written since.
   *
   * @param was the version that was read, null for nothing.
   * @returns false when the record is no longer of that version: nothing is written then.
   */
  async replace<T>(
    key: Deno.KvKey,
    was: string | null,
    stored: Stored<T>,
  ): Promise<boolean> {
    return await this.commit([{ key, ...stored, was }], {}) !== null;
  }

  /** Writes or replaces several records, all or none; false where one is not as it `was`. */
  async putAll<T>(entries: Entry<T>[]): Promise<boolean> {
    return await this.commit(entries, {}) !== null;
  }

  /** Removes the record and its bytes; false when there is none. */
  delete(key: Deno.KvKey): Promise<boolean> {
    return this.remove(key, {});
  }

  /**
   * Writes or replaces several, all or none.
   *
   * @returns how many were replaced; null where nothing was written, since one is not as it `was`.
   * @throws Stale
   */
  protected async commit<T>(
    entries: Entry<T>[],
    also: Commit,
  ): Promise<number | null> {
    const { expireIn } = also;
    const options = expireIn === undefined ? {} : { expireIn };
    const written: Written<T>[] = [];
    for (const { key, record, bytes, was } of entries) {
      const version = crypto.randomUUID();
      const pending = ["pending", version];
      const { versionstamp } = await whenUnlocked(() =>
        this.kv.set(pending, this.now(), options)
      );
      const claim = { key: pending, versionstamp };
      const chunks = await this.#write(version, bytes, claim, options);
      const manifest: Manifest<T> = { version, chunks, record };
      written.push({ key, claim, manifest, was });
    }
    const replaced = await this.#flip(written, also, options);
    const left = replaced ?? written.map(({ manifest }) => manifest.version);
    for (const version of left) {
      await this.#remove(version).catch(
        () => {/* It is pending: sweep will. */},
      );
    }
    return replaced === null ? null : replaced.length;
  }

  /** Removes as `delete` does, with what else belongs to it. @throws Stale */
  protected async remove(key: Deno.KvKey, also: Commit): Promise<boolean> {
    for (;;) {
      const before = await this.kv.get<Manifest<unknown>>(key);
      if (before.value === null) return false;
      const { version } = before.value;
      const flip = this.kv.atomic().check(before).delete(key)
        .set(["pending", version], this.now());
      if (!(await committed(withAlso(flip, also)))) {
        await this.#requireFresh(also);
        continue;
      }
      await this.#remove(version);
      return true;
    }
  }

  /**
   * Removes the bytes of writes and removals that a crash cut short. An entry is claimed first, so that a
   * slow writer finds its claim gone and gives up.
   */
  async sweep(): Promise<void> {
    const entries = this.kv.list<number>({ prefix: ["pending"] });
    for await (const { key, value, versionstamp } of entries) {
      if (value > this.now() - ABANDONED_AFTER_MS) continue;
      const claim = this.kv.atomic().check({ key, versionstamp })
        .set(key, this.now());
      if (await committed(claim)) await this.#remove(key[1] as string);
    }
  }

  /** Writes the chunks of a version, as long as its claim stands. */
  async #write(
    version: string,
    bytes: Bytes,
    claim: Deno.AtomicCheck,
    options: { expireIn?: number },
  ): Promise<number> {
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
    for (let from = 0; from < chunks; from += CHUNKS_PER_COMMIT) {
      const commit = this.kv.atomic().check(claim);
      for (let i = from; i < Math.min(chunks, from + CHUNKS_PER_COMMIT); i++) {
        const chunk = bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
        commit.set(["chunk", version, i], chunk, options);
      }
      if (!(await committed(commit))) throw givenUp();
    }
    return chunks;
  }

  /** Points the records at their versions; gives the versions that they replaced, or null when one is not as it `was`. */
  async #flip<T>(
    written: Written<T>[],
    also: Commit,
    options: { expireIn?: number },
  ): Promise<string[] | null> {
    for (;;) {
      const flip = this.kv.atomic();
      const replaced: string[] = [];
      for (const { key, claim, manifest, was } of written) {
        const before = await this.kv.get<Manifest<T>>(key);
        if (was !== undefined && (before.value?.version ?? null) !== was) {
          return null;
        }
        flip.check(before, claim).set(key, manifest, options).delete(claim.key);
        if (before.value === null) continue;
        replaced.push(before.value.version);
        flip.set(["pending", before.value.version], this.now());
      }
      if (await committed(withAlso(flip, also))) return replaced;
      await this.#requireFresh(also);
      for (const { claim } of written) {
        const { versionstamp } = await this.kv.get(claim.key);
        if (versionstamp !== claim.versionstamp) throw givenUp();
      }
    }
  }

  async #requireFresh({ guards = [] }: Commit): Promise<void> {
    for (const { key, versionstamp } of guards) {
      const now = await this.kv.get(key);
      if (now.versionstamp !== versionstamp) throw new Stale();
    }
  }

  async #read(
    { version, chunks }: BlobRef,
  ): Promise<Bytes | null> {
    const parts: Uint8Array[] = [];
    for await (
      const { value } of this.kv.list<Uint8Array>({
        prefix: ["chunk", version],
      })
    ) {
      parts.push(value);
    }
    if (parts.length !== chunks) return null;
    return concat(parts);
  }

  async #remove(version: string): Promise<void> {
    for await (const { key } of this.kv.list({ prefix: ["chunk", version] })) {
      await whenUnlocked(() => this.kv.delete(key));
    }
    await whenUnlocked(() => this.kv.delete(["pending", version]));
  }
}

function withAlso(
  operation: Deno.AtomicOperation,
  { guards = [], sets = [] }: Commit,
): Deno.AtomicOperation {
  operation.check(...guards);
  for (const { key, value, expireIn } of sets) {
    operation.set(key, value, expireIn === undefined ? {} : { expireIn });
  }
  return operation;
}

/** Whether the checks of a commit held. */
export async function committed(
  operation: Deno.AtomicOperation,
): Promise<boolean> {
  return (await whenUnlocked(() => operation.commit())).ok;
}

function givenUp(): EdgeError {
  return new EdgeError(
    "conflict",
    "The write took too long and was given up; send it again.",
  );
}
