import type { Bytes } from "../../core/bytes.ts";
import { decrypt, encrypt } from "../encryption/primitives.ts";
import { DataKeys } from "../encryption/data_keys.ts";
import {
  decryptEntry,
  decryptRecord,
  type EncryptedRecord,
  encryptEntry,
} from "../encryption/encrypted_record.ts";
import type { Keyring } from "../encryption/keyring.ts";
import { Erasure, type ErasureObserver } from "../erasure/erasure.ts";
import {
  BlobStore,
  type Commit,
  type Entry,
  Stale,
  type Stored,
  type Versioned,
} from "../kv/blob_store.ts";
import {
  changedAt,
  dataKeyAt,
  erasingAt,
  type Owner,
  ownerOf,
} from "../kv/owner.ts";
import { retryConflicts } from "../kv/retry.ts";
import type { Kv } from "../kv/kv.ts";

/** Patients that one page looks at. */
const MAX_SCANNED = 500;

/** Erasures and key rotations that may get ahead of a write before it is given up. */
const ATTEMPTS = 20;

export interface RecordStoreOptions extends ErasureObserver {
  now?: () => number;
  /** Encrypts what is stored; null stores it in the clear. */
  keyring?: Keyring | null;
}

/**
 * Records of patients, and embeddings, each with large bytes. Keys are `[kind, tenant, patient, …]` and
 * `["embedding", tenant, id]`; records are JSON. With a keyring, names in keys become tags, and record and bytes are
 * encrypted under the data key of their owner (envelope encryption). With or without, a patient is erased as a whole.
 */
export class RecordStore {
  readonly erasure: Erasure;
  readonly #blobs: BlobStore;
  readonly #keyring: Keyring | null;
  readonly #dataKeys: DataKeys | null;

  constructor(readonly kv: Kv, options: RecordStoreOptions = {}) {
    const { now = Date.now, keyring = null, ...observer } = options;
    this.#blobs = new BlobStore(kv, now);
    this.#keyring = keyring;
    this.#dataKeys = keyring && new DataKeys(kv, keyring, now);
    this.erasure = new Erasure(this.#blobs, observer);
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#blobs.now();
  }

  /** Reads a record and its bytes, or null. @throws EdgeError `damaged`, as every read does. */
  async get<T>(key: Deno.KvKey): Promise<Stored<T> | null> {
    const found = await this.read<T>(key);
    return found && { record: found.record, bytes: found.bytes };
  }

  /** Reads a record, its bytes and its version, or null. */
  async read<T>(key: Deno.KvKey): Promise<Versioned<T> | null> {
    const at = await this.hideNames(key);
    if (this.#dataKeys === null) return await this.#blobs.read<T>(at);
    return await this.#withDataKey(this.#dataKeys, at, async (dataKey) => {
      const stored = await this.#blobs.read<EncryptedRecord>(at);
      if (stored === null) return null;
      const { version } = stored;
      return { ...await decryptEntry<T>(dataKey, at, stored), version };
    });
  }

  /** The records below a prefix, in the order of their plain keys. @param prefix names at least a patient. */
  async list<T>(prefix: Deno.KvKey): Promise<{ key: Deno.KvKey; record: T }[]> {
    const at = await this.hideNames(prefix);
    if (this.#dataKeys === null) return await this.#blobs.list<T>(at);
    const found = await this.#withDataKey(
      this.#dataKeys,
      at,
      async (dataKey) => {
        const encrypted = await this.#blobs.list<EncryptedRecord>(at);
        return await Promise.all(
          encrypted.map(({ key, record }) =>
            decryptRecord<T>(dataKey, key, record)
          ),
        );
      },
    );
    return found?.sort((a, b) => compareKeys(a.key, b.key)) ?? [];
  }

  /**
   * Writes or replaces a record, whatever its version.
   *
   * @param expireIn milliseconds after which KV may forget it.
   * @returns whether there was one.
   */
  async put<T>(
    key: Deno.KvKey,
    stored: Stored<T>,
    expireIn?: number,
  ): Promise<boolean> {
    return await this.#write([{ key, ...stored }], expireIn) !== 0;
  }

  /** Writes or replaces records of one owner, all or none; false when another version of one is stored. */
  async putAll<T>(entries: Entry<T>[], expireIn?: number): Promise<boolean> {
    return await this.#write(entries, expireIn) !== null;
  }

  /**
   * Writes or replaces a record of a patient that is known already, and does not count as a change of it.
   *
   * @returns false when nothing is stored of the patient, or no more.
   */
  async putIfKnown<T>(
    key: Deno.KvKey,
    stored: Stored<T>,
    expireIn: number,
  ): Promise<boolean> {
    return await this.#write([{ key, ...stored }], expireIn, true) !== null;
  }

  async #write<T>(
    entries: Entry<T>[],
    expireIn?: number,
    isKnown = false,
  ): Promise<number | null> {
    const placed = await Promise.all(entries.map(async (entry) => ({
      entry,
      at: await this.hideNames(entry.key),
    })));
    const [first] = placed;
    if (first === undefined) return 0;
    const owner = ownerOf(first.at);
    return await retryConflicts(ATTEMPTS, async () => {
      const prepared = isKnown
        ? await this.#prepareKnown(owner)
        : await this.#prepareWrite(owner, expireIn);
      if (prepared === null) return null;
      const { key, also } = prepared;
      const ready = await Promise.all(
        placed.map(({ entry, at }) =>
          key === null ? { ...entry, key: at } : encryptEntry(key, at, entry)
        ),
      );
      try {
        return await this.#blobs.write<unknown>(ready, { ...also, expireIn });
      } catch (error) {
        if (!(error instanceof Stale)) throw error;
      }
      // An erasure has begun or ended, or the data key was wrapped again.
      await this.erasure.finish(owner);
    });
  }

  /** Removes a record; false when there is none. The next purge clears it from the file. */
  async delete(key: Deno.KvKey): Promise<boolean> {
    const at = await this.hideNames(key);
    const owner = ownerOf(at);
    if (owner[0] === "embedding") return await this.#blobs.delete(at);
    // While the patient is erased, nothing of it may be written.
    const guards = [{ key: erasingAt(owner), versionstamp: null }];
    const also = { guards, sets: [this.#change(owner)] };
    return await retryConflicts(ATTEMPTS, async () => {
      try {
        return await this.#blobs.delete(at, also);
      } catch (error) {
        if (!(error instanceof Stale)) throw error;
      }
      await this.erasure.finish(owner);
    });
  }

  /** Erases all that is stored of a patient, and the embeddings of its images; false when there was nothing. */
  async erase(tenant: string, patient: string): Promise<boolean> {
    return await this.erasure.erase(await this.patientOf(tenant, patient));
  }

  /** The same, without a purge of its own: the next sweep purges the file. */
  async eraseSoon(tenant: string, patient: string): Promise<boolean> {
    const erasure = new Erasure(this.#blobs);
    return await erasure.erase(await this.patientOf(tenant, patient));
  }

  /** Removes what interrupted writes, removals and erasures left. */
  async sweep(): Promise<void> {
    await this.erasure.finishAll();
    await this.#blobs.sweep();
  }

  /** Bytes to keep outside the database, encrypted under the data key of the record at `key`; null when it is gone. */
  async encrypt(key: Deno.KvKey, bytes: Bytes): Promise<Bytes | null> {
    if (this.#dataKeys === null) return bytes;
    const at = await this.hideNames(key);
    const found = await this.#dataKeys.find(ownerOf(at));
    return found && await encrypt(found.key, JSON.stringify(at), bytes);
  }

  /** The bytes that `encrypt` was given; null when the record at `key` is gone or another. */
  async decrypt(key: Deno.KvKey, encrypted: Bytes): Promise<Bytes | null> {
    const at = await this.hideNames(key);
    if (this.#dataKeys === null) {
      return (await this.kv.get(at)).value === null ? null : encrypted;
    }
    const found = await this.#dataKeys.find(ownerOf(at));
    if (found === null) return null;
    return await decrypt(found.key, JSON.stringify(at), encrypted)
      .catch(() => null);
  }

  /** The key with tags in place of names, where the store is encrypted. Kind, tenant and numbers stay. */
  async hideNames(key: Deno.KvKey): Promise<Deno.KvKey> {
    const [kind, tenant, ...names] = key as [string, string, ...string[]];
    if (names.length === 0) throw new TypeError("A key needs an owner.");
    if (this.#keyring === null) return key;
    const hidden: Deno.KvKeyPart[] = [kind, tenant];
    for (const [i, name] of names.entries()) {
      if (typeof name !== "string") {
        hidden.push(name);
        continue;
      }
      // A patient has one tag whatever the kind.
      const space = i === 0 && kind !== "embedding" ? "patient" : kind;
      const path = names.slice(0, i + 1).map(String);
      hidden.push(await this.#keyring.tag(space, tenant, ...path));
    }
    return hidden;
  }

  /** A patient as the owner of its records. */
  async patientOf(tenant: string, patient: string): Promise<Owner> {
    return ownerOf(await this.hideNames(["patient", tenant, patient]));
  }

  /**
   * A page of a tenant's patients that have records of one of these kinds. Without encryption they come in order of
   * name, and only names with the prefix are read. In an encrypted store they come in the order of their tags, which
   * says nothing of names, and a prefix is compared with the decrypted names of at most {@linkcode MAX_SCANNED}
   * patients.
   *
   * @param after where the page before ended.
   * @returns the names, and where the page ends; null where it is the last.
   */
  async pageOfPatients(
    tenant: string,
    kinds: string[],
    { prefix, after, limit }: {
      prefix: string;
      after: string | null;
      limit: number;
    },
  ): Promise<{ names: string[]; end: string | null }> {
    const at = (name: string) => ["changed", "patient", tenant, name];
    const range = this.#keyring === null ? prefix : "";
    const from = after === null ? range : `${after}\0`;
    const found = this.kv.list<number>({
      start: at(from > range ? from : range),
      end: at(`${range}\u{10ffff}`),
    });
    const names: string[] = [];
    let scanned = 0;
    for await (const { key } of found) {
      const place = key[3] as string;
      const name = await this.#nameOf(tenant, place, kinds);
      if (name?.startsWith(prefix)) names.push(name);
      if (names.length === limit || ++scanned === MAX_SCANNED) {
        return { names, end: place };
      }
    }
    return { names, end: null };
  }

  /** The name of the patient whose records lie at a place; null where none is of these kinds. */
  async #nameOf(
    tenant: string,
    place: string,
    kinds: string[],
  ): Promise<string | null> {
    for (const kind of kinds) {
      const at = [kind, tenant, place];
      const [first] = await this.#blobs.list<EncryptedRecord>(at);
      if (first === undefined) continue;
      if (this.#dataKeys === null) return place;
      const plain = await this.#withDataKey(
        this.#dataKeys,
        at,
        (key) => decryptRecord<unknown>(key, first.key, first.record),
      );
      return plain && plain.key[2] as string;
    }
    return null;
  }

  /** What is read with the data key of the owner of `at`; null where there is none. */
  async #withDataKey<T>(
    dataKeys: DataKeys,
    at: Deno.KvKey,
    read: (key: CryptoKey) => Promise<T>,
  ): Promise<T | null> {
    for (;;) {
      const found = await dataKeys.find(ownerOf(at));
      if (found === null) return null;
      try {
        return await read(found.key);
      } catch (error) {
        // The data may have been erased and written again under another key meanwhile.
        const { key, versionstamp } = found.check;
        const now = await this.kv.get(key);
        if (now.versionstamp === versionstamp) throw error;
      }
    }
  }

  /** The key that encrypts an owner's records, and what their commit depends on. */
  async #prepareWrite(
    owner: Owner,
    expireIn: number | undefined,
  ): Promise<{ key: CryptoKey | null; also: Commit }> {
    if (owner[0] === "embedding") {
      if (this.#dataKeys === null) return { key: null, also: {} };
      const { key, stored } = await this.#dataKeys.create(owner, expireIn);
      const set = { key: dataKeyAt(owner), value: stored, expireIn };
      return { key, also: { sets: [set] } };
    }
    const guards: Deno.AtomicCheck[] = [
      { key: erasingAt(owner), versionstamp: null },
    ];
    const found = this.#dataKeys && await this.#dataKeys.findOrCreate(owner);
    if (found !== null) guards.push(found.check);
    const also = { guards, sets: [this.#change(owner)] };
    return { key: found?.key ?? null, also };
  }

  /** The same for a patient that must be known; null when it is not. */
  async #prepareKnown(
    owner: Owner,
  ): Promise<{ key: CryptoKey | null; also: Commit } | null> {
    const changed = await this.kv.get<number>(changedAt(owner));
    const found = this.#dataKeys && await this.#dataKeys.find(owner);
    const isUnreadable = this.#dataKeys !== null && found === null;
    if (changed.value === null || isUnreadable) return null;
    const guards: Deno.AtomicCheck[] = [
      { key: erasingAt(owner), versionstamp: null },
      { key: changed.key, versionstamp: changed.versionstamp },
    ];
    if (found !== null) guards.push(found.check);
    return { key: found?.key ?? null, also: { guards } };
  }

  #change(owner: Owner) {
    return { key: changedAt(owner), value: this.now() };
  }
}

/** The order of Deno KV, for keys of one shape. */
function compareKeys(a: Deno.KvKey, b: Deno.KvKey): number {
  for (const [i, part] of a.entries()) {
    const other = b[i];
    if (part === other) continue;
    if (other === undefined) return 1;
    return (part as string) < (other as string) ? -1 : 1;
  }
  return a.length - b.length;
}
