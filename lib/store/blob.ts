import { concat } from "../bytes.ts";
import { EdgeError } from "../errors.ts";
import { whenUnlocked } from "./locked.ts";
import type { Bytes } from "./types.ts";

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
    return await this.#put(key, stored, { expireIn }) !== null;
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
    return await this.#put(key, stored, { was }) !== undefined;
  }

  /** @returns the version replaced, null for none; undefined where it is not `was`. */
  async #put<T>(
    key: Deno.KvKey,
    { record, bytes }: Stored<T>,
    { expireIn, was }: { expireIn?: number; was?: string | null },
  ): Promise<string | null | undefined> {
    const version = crypto.randomUUID();
    const options = expireIn === undefined ? {} : { expireIn };
    const pending = ["pending", version];
    const { versionstamp } = await whenUnlocked(() =>
      this.kv.set(pending, this.now(), options)
    );
    const claim = { key: pending, versionstamp };
    const chunks = await this.#write(version, bytes, claim, options);
    const manifest: Manifest<T> = { version, chunks, record };
    const replaced = await this.#flip(key, manifest, claim, options, was);
    const left = replaced === undefined ? version : replaced;
    if (left !== null) {
      await this.#remove(left).catch(() => {/* It is pending: sweep will. */});
    }
    return replaced;
  }

  /** Removes the record and its bytes; false when there is none. */
  async delete(key: Deno.KvKey): Promise<boolean> {
    for (;;) {
      const before = await this.kv.get<Manifest<unknown>>(key);
      if (before.value === null) return false;
      const { version } = before.value;
      const flip = this.kv.atomic().check(before).delete(key)
        .set(["pending", version], this.now());
      if (!(await committed(flip))) continue;
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

  /** Points the record at a version; gives the version that it replaced, or undefined when that is not `was`. */
  async #flip<T>(
    key: Deno.KvKey,
    manifest: Manifest<T>,
    claim: Deno.AtomicCheck,
    options: { expireIn?: number },
    was?: string | null,
  ): Promise<string | null | undefined> {
    for (;;) {
      const before = await this.kv.get<Manifest<T>>(key);
      const found = before.value?.version ?? null;
      if (was !== undefined && found !== was) return undefined;
      const flip = this.kv.atomic().check(before, claim)
        .set(key, manifest, options)
        .delete(claim.key);
      if (found !== null) flip.set(["pending", found], this.now());
      if (await committed(flip)) return found;
      const { versionstamp } = await this.kv.get(claim.key);
      if (versionstamp !== claim.versionstamp) throw givenUp();
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

/** Whether the checks of a commit held. */
async function committed(operation: Deno.AtomicOperation): Promise<boolean> {
  return (await whenUnlocked(() => operation.commit())).ok;
}

function givenUp(): EdgeError {
  return new EdgeError(
    "conflict",
    "The write took too long and was given up; send it again.",
  );
}
