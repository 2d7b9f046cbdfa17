import { EdgeError } from "../errors.ts";

/** Bytes of one chunk: under Deno KV's limit of 64 KiB a value. */
const CHUNK_BYTES = 60_000;
/** Chunks of one commit: under the limit of 800 KiB a commit. */
const CHUNKS_PER_COMMIT = 12;
/** A write that has not finished after this long never will. */
const ABANDONED_AFTER_MS = 60_000;
/** Rounds in which a read may meet a concurrent writer. */
const ATTEMPTS = 5;

/** What a manifest needs to find its bytes. */
export interface BlobRef {
  version: string;
  chunks: number;
}

/** A small record and the large bytes that belong to it. */
export interface Stored<T> {
  record: T;
  bytes: Uint8Array<ArrayBuffer>;
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
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { value } = await this.kv.get<Manifest<T>>(key);
      if (value === null) return null;
      const bytes = await this.#read(value);
      if (bytes !== null) return { record: value.record, bytes };
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
    { record, bytes }: Stored<T>,
    expireIn?: number,
  ): Promise<boolean> {
    const version = crypto.randomUUID();
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
    const options = expireIn === undefined ? {} : { expireIn };
    const pending = ["pending", version];
    const { versionstamp } = await this.kv.set(pending, this.now(), options);
    for (let from = 0; from < chunks; from += CHUNKS_PER_COMMIT) {
      const commit = this.kv.atomic();
      for (let i = from; i < Math.min(chunks, from + CHUNKS_PER_COMMIT); i++) {
        const chunk = bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
        commit.set(["chunk", version, i], chunk, options);
      }
      await commit.commit();
    }
    const manifest: Manifest<T> = { version, chunks, record };
    for (;;) {
      const before = await this.kv.get<Manifest<T>>(key);
      const flip = this.kv.atomic().check(before, {
        key: pending,
        versionstamp,
      })
        .set(key, manifest, options)
        .delete(pending);
      if (before.value !== null) {
        flip.set(["pending", before.value.version], this.now());
      }
      if (!(await flip.commit()).ok) {
        if ((await this.kv.get(pending)).value !== null) continue;
        throw new EdgeError(
          "conflict",
          "The write took too long and was given up; send it again.",
        );
      }
      if (before.value !== null) await this.#remove(before.value.version);
      return before.value !== null;
    }
  }

  /** Removes the record and its bytes; false when there is none. */
  async delete(key: Deno.KvKey): Promise<boolean> {
    for (;;) {
      const before = await this.kv.get<Manifest<unknown>>(key);
      if (before.value === null) return false;
      const { version } = before.value;
      const flip = this.kv.atomic().check(before).delete(key).set([
        "pending",
        version,
      ], this.now());
      if (!(await flip.commit()).ok) continue;
      await this.#remove(version);
      return true;
    }
  }

  /** Removes the bytes of writes and removals that a crash cut short. */
  async sweep(): Promise<void> {
    for await (
      const { key, value } of this.kv.list<number>({ prefix: ["pending"] })
    ) {
      if (value <= this.now() - ABANDONED_AFTER_MS) {
        await this.#remove(key[1] as string);
      }
    }
  }

  async #read(
    { version, chunks }: BlobRef,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (
      const { value } of this.kv.list<Uint8Array>({
        prefix: ["chunk", version],
      })
    ) {
      parts.push(value);
      length += value.length;
    }
    if (parts.length !== chunks) return null;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  async #remove(version: string): Promise<void> {
    for await (const { key } of this.kv.list({ prefix: ["chunk", version] })) {
      await this.kv.delete(key);
    }
    await this.kv.delete(["pending", version]);
  }
}
