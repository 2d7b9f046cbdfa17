import { EdgeError } from "../../core/errors.ts";
import {
  BlobStore,
  type Commit,
  committed,
  type Entry,
  type Read,
  Stale,
  type Stored,
} from "../kv/blob_store.ts";
import { dataKeyAt, DataKeys, type Owner } from "../encryption/data_keys.ts";
import { decrypt, encrypt, type Keyring } from "../encryption/operator_keys.ts";
import {
  openEntry,
  openRecord,
  type SealedRecord,
  sealEntry,
} from "../encryption/encrypted_record.ts";
import type { Bytes } from "../../core/bytes.ts";

/** Other changes of a patient that may get ahead of a write before it is given up. */
const ATTEMPTS = 20;

/** Says that the database file may hold what was erased. */
export const SCRUB: Deno.KvKey = ["scrub"];

/** Kinds of keys that are no records of patients. */
const OWN_KINDS = new Set([
  "audit",
  "changed",
  "chunk",
  "datakey",
  "embedding",
  "erasing",
  "link",
  "pending",
  "scrub",
  "seal",
  "sealing",
]);

export interface VaultOptions {
  now?: () => number;
  /** Seals what is stored; without one it is stored as it is. */
  keyring?: Keyring | null;
  /** Told where an embedding lay that was erased. */
  forget?: (hidden: Deno.KvKey) => Promise<unknown>;
  /** Told that something was erased. */
  erased?: () => void;
}

/**
 * The `BlobStore` of patients' data. Keys are `[kind, tenant, patient, …]` and `["embedding", tenant, id]`;
 * records are JSON. With a keyring, names in keys become tags, and record and bytes are sealed under a
 * data key: one a patient, one an embedding. With or without, all of a patient is erased at once.
 */
export class Vault extends BlobStore {
  readonly #keyring: Keyring | null;
  readonly #dataKeys: DataKeys | null;
  readonly #forget: (hidden: Deno.KvKey) => Promise<unknown>;
  readonly #erased: () => void;

  constructor(
    kv: Deno.Kv,
    {
      now = Date.now,
      keyring = null,
      forget = () => Promise.resolve(),
      erased = () => {},
    }: VaultOptions = {},
  ) {
    super(kv, now);
    this.#keyring = keyring;
    this.#dataKeys = keyring && new DataKeys(kv, keyring, now);
    this.#forget = forget;
    this.#erased = erased;
  }

  override async read<T>(key: Deno.KvKey): Promise<Read<T> | null> {
    const at = await this.hide(key);
    if (this.#dataKeys === null) return await super.read<T>(at);
    return await this.#reading(ownerOf(at), async (dataKey) => {
      const stored = await super.read<SealedRecord>(at);
      if (stored === null) return null;
      const { version } = stored;
      return { ...await openEntry<T>(dataKey, at, stored), version };
    });
  }

  override async record<T>(key: Deno.KvKey): Promise<T | null> {
    const at = await this.hide(key);
    if (this.#dataKeys === null) return await super.record<T>(at);
    return await this.#reading(ownerOf(at), async (dataKey) => {
      const sealed = await super.record<SealedRecord>(at);
      return sealed && (await openRecord<T>(dataKey, at, sealed)).record;
    });
  }

  /** @param prefix names at least a patient. */
  override async records<T>(
    prefix: Deno.KvKey,
  ): Promise<{ key: Deno.KvKey; record: T }[]> {
    const at = await this.hide(prefix);
    if (this.#dataKeys === null) return await super.records<T>(at);
    const found = await this.#reading(ownerOf(at), async (dataKey) => {
      const sealed = await super.records<SealedRecord>(at);
      return await Promise.all(
        sealed.map(({ key, record }) => openRecord<T>(dataKey, key, record)),
      );
    });
    return found?.sort((a, b) => compareKeys(a.key, b.key)) ?? [];
  }

  override async put<T>(
    key: Deno.KvKey,
    stored: Stored<T>,
    expireIn?: number,
  ): Promise<boolean> {
    return await this.#putAll([{ key, ...stored }], { expireIn }) !== 0;
  }

  override async replace<T>(
    key: Deno.KvKey,
    was: string | null,
    stored: Stored<T>,
  ): Promise<boolean> {
    return await this.putAll([{ key, ...stored, was }]);
  }

  async #putAll<T>(
    entries: Entry<T>[],
    which: Pick<Commit, "expireIn">,
  ): Promise<number | null> {
    const at = await Promise.all(entries.map(({ key }) => this.hide(key)));
    const owner = ownerOf(at[0]);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { key, also } = await this.#openFor(owner, which.expireIn);
      const ready = await Promise.all(
        entries.map((entry, i) =>
          key === null ? { ...entry, key: at[i] } : sealEntry(key, at[i], entry)
        ),
      );
      try {
        return await this.commit<unknown>(ready, { ...also, ...which });
      } catch (error) {
        if (!(error instanceof Stale)) throw error;
      }
      // The patient is being erased, or has been, or the data key was wrapped anew.
      await this.#finish(owner);
    }
    throw conflict();
  }

  /** Writes or replaces several records of one owner, all or none; false where one is not as it `was`. */
  override async putAll<T>(entries: Entry<T>[]): Promise<boolean> {
    return await this.#putAll(entries, {}) !== null;
  }

  /** Removes as ever; the file is scrubbed of it with the next erasure of a patient. */
  override async delete(key: Deno.KvKey): Promise<boolean> {
    const at = await this.hide(key);
    const owner = ownerOf(at);
    const sets = owner[0] === "patient" ? [this.#changed(owner)] : [];
    return await this.remove(at, { sets });
  }

  /** Bytes as they may be kept outside of the database, under the data key of what is stored at `key`; null when that is gone. */
  async seal(key: Deno.KvKey, bytes: Bytes): Promise<Bytes | null> {
    if (this.#dataKeys === null) return bytes;
    const at = await this.hide(key);
    const found = await this.#dataKeys.find(ownerOf(at));
    return found && await encrypt(found.key, JSON.stringify(at), bytes);
  }

  /** What `seal` sealed; null when what is stored at `key` is gone or another. */
  async open(key: Deno.KvKey, sealed: Bytes): Promise<Bytes | null> {
    const at = await this.hide(key);
    if (this.#dataKeys === null) {
      return (await this.kv.get(at)).value === null ? null : sealed;
    }
    const found = await this.#dataKeys.find(ownerOf(at));
    if (found === null) return null;
    return await decrypt(found.key, JSON.stringify(at), sealed)
      .catch(() => null);
  }

  /** The key with its names as tags; as it is where nothing is sealed. Kind, tenant and numbers stay. */
  async hide(key: Deno.KvKey): Promise<Deno.KvKey> {
    const [kind, tenant, ...names] = key as [string, string, ...string[]];
    if (names.length === 0) throw new TypeError("A key needs an owner.");
    if (this.#keyring === null) return key;
    const hidden: Deno.KvKeyPart[] = [kind, tenant];
    for (const [i, name] of names.entries()) {
      const path = names.slice(0, i + 1).map(String);
      // A patient has one tag whatever the kind.
      const space = i === 0 && kind !== "embedding" ? "patient" : kind;
      const plain = typeof name !== "string";
      hidden.push(
        plain ? name : await this.#keyring.tag(space, tenant, ...path),
      );
    }
    return hidden;
  }

  /**
   * Notes that a patient's operation uses an embedding, so that erasing the patient erases it. To be called
   * before the embedding is stored.
   *
   * @param enrols whether the patient may be new.
   * @throws EdgeError `not-found` when it was erased meanwhile.
   */
  async link(
    [tenant, patient, id]: [tenant: string, patient: string, id: string],
    { enrols, expireIn }: { enrols: boolean; expireIn: number },
  ): Promise<void> {
    const { at, owner } = await this.#linkAt(tenant, patient, id);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const changed = await this.kv.get<number>(["changed", ...owner]);
      if (changed.value === null && !enrols) {
        throw new EdgeError(
          "not-found",
          `There is no patient "${patient}" any more; enrol a reference first.`,
        );
      }
      const note = this.kv.atomic()
        .check({ key: erasingAt(owner), versionstamp: null })
        .set(at, this.now(), { expireIn });
      if (changed.value === null) {
        note.check(changed).set(changed.key, this.now());
      } else note.check(changed);
      if (await committed(note)) return;
      await this.#finish(owner);
    }
    throw conflict();
  }

  /** Erases an embedding that was stored while its patient was erased. To be called after it is stored. */
  async confirmLink(
    tenant: string,
    patient: string,
    id: string,
  ): Promise<void> {
    const { at } = await this.#linkAt(tenant, patient, id);
    if ((await this.kv.get(at)).value !== null) return;
    await this.#eraseEmbedding(await this.hide(["embedding", tenant, id]), []);
  }

  /**
   * Erases all that is stored of a patient, and the embeddings of their images. Its data key is destroyed
   * first, in the commit that begins the erasure; one that is cut off is finished by `sweep`, or by the
   * next write of the patient.
   *
   * @returns false when there was nothing.
   */
  async erase(tenant: string, patient: string): Promise<boolean> {
    const [, , name] = await this.hide(["patient", tenant, patient]);
    return await this.eraseOwner(["patient", tenant, name as string]);
  }

  /** Erases a patient by the name that `changedBefore` gives. */
  async eraseOwner(owner: Owner): Promise<boolean> {
    const known = await this.kv.getMany([
      ["changed", ...owner],
      erasingAt(owner),
      dataKeyAt(owner),
    ]);
    if (known.every(({ value }) => value === null)) return false;
    await committed(
      this.kv.atomic().set(erasingAt(owner), this.now())
        .delete(dataKeyAt(owner)).delete(["changed", ...owner])
        .set(SCRUB, this.now()),
    );
    await this.#finish(owner);
    this.#erased();
    return true;
  }

  /** The patients of a tenant that were last changed before a time, milliseconds since 1970. */
  async *changedBefore(
    time: (tenant: string) => number,
  ): AsyncGenerator<Owner> {
    for await (
      const { key, value } of this.kv.list<number>({ prefix: ["changed"] })
    ) {
      const [, ...owner] = key as unknown as [string, ...Owner];
      if (value < time(owner[1])) yield owner;
    }
  }

  /** Finishes what was cut off: writes, removals and erasures. */
  override async sweep(): Promise<void> {
    for await (const { key } of this.kv.list({ prefix: ["erasing"] })) {
      const [, ...owner] = key as unknown as [string, ...Owner];
      await this.#finish(owner);
    }
    await super.sweep();
  }

  /** Removes what is stored of an owner whose erasure has begun. */
  async #finish(owner: Owner): Promise<void> {
    const marker = await this.kv.get(erasingAt(owner));
    if (marker.value === null) return;
    // Whoever finds the marker gone stops: what is stored from then on is new.
    const guards = [{ key: marker.key, versionstamp: marker.versionstamp }];
    const [, tenant, name] = owner;
    try {
      const links = this.kv.list({ prefix: ["link", ...owner] });
      for await (const { key } of links) {
        const at = ["embedding", tenant, key[4]];
        await this.#eraseEmbedding(at, guards);
        await this.#drop([key], guards);
      }
      for (const kind of await recordKinds(this.kv)) {
        const found = this.kv.list<unknown>({ prefix: [kind, tenant, name] });
        for await (const { key } of found) await this.remove(key, { guards });
      }
      await this.#drop([marker.key], guards);
    } catch (error) {
      if (!(error instanceof Stale)) throw error;
    }
  }

  async #eraseEmbedding(
    at: Deno.KvKey,
    guards: Deno.AtomicCheck[],
  ): Promise<void> {
    const sets = [{ key: SCRUB, value: this.now() }];
    await this.#drop([dataKeyAt(ownerOf(at))], guards);
    await this.remove(at, { guards, sets });
    await this.#forget(at);
  }

  async #drop(
    keys: Deno.KvKey[],
    guards: Deno.AtomicCheck[],
  ): Promise<void> {
    const drop = this.kv.atomic().check(...guards);
    for (const key of keys) drop.delete(key);
    if (!await committed(drop)) throw new Stale();
  }

  /** What is read with an owner's data key; null where there is none. */
  async #reading<T>(
    owner: Owner,
    read: (key: CryptoKey) => Promise<T>,
  ): Promise<T | null> {
    for (;;) {
      const found = await this.#dataKeys!.find(owner);
      if (found === null) return null;
      try {
        return await read(found.key);
      } catch (error) {
        // It may have been erased and written anew since the key was found.
        const { key, versionstamp } = found.check;
        const now = await this.kv.get(key);
        if (now.versionstamp === versionstamp) throw error;
      }
    }
  }

  /** The key that seals an owner's records, and what their commit depends on. */
  async #openFor(
    owner: Owner,
    expireIn?: number,
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
    const found = this.#dataKeys && await this.#dataKeys.require(owner);
    if (found !== null) guards.push(found.check);
    return {
      key: found?.key ?? null,
      also: { guards, sets: [this.#changed(owner)] },
    };
  }

  #changed(owner: Owner) {
    return { key: ["changed", ...owner], value: this.now() };
  }

  async #linkAt(tenant: string, patient: string, id: string) {
    const [, , name] = await this.hide(["patient", tenant, patient]);
    const [, , tag] = await this.hide(["embedding", tenant, id]);
    const owner: Owner = ["patient", tenant, name as string];
    return { at: ["link", ...owner, tag], owner };
  }
}

/** The kinds of patients' records that are stored, found by leaps from one to the next. */
export async function recordKinds(kv: Deno.Kv): Promise<string[]> {
  const kinds: string[] = [];
  for (let start: Deno.KvKey = [""];;) {
    const next = kv.list({ start, end: [true] }, { limit: 1 });
    const { value } = await next.next();
    const kind = value?.key[0];
    if (typeof kind !== "string") return kinds;
    if (!OWN_KINDS.has(kind)) kinds.push(kind);
    start = [kind, true];
  }
}

/** Says that an owner's erasure has begun. */
function erasingAt(owner: Owner): Deno.KvKey {
  return ["erasing", ...owner];
}

/** @param at a hidden key. */
function ownerOf(at: Deno.KvKey): Owner {
  const [kind, tenant, name] = at as [string, string, string];
  return [kind === "embedding" ? kind : "patient", tenant, name];
}

/** The order of Deno KV, for keys of one shape. */
function compareKeys(a: Deno.KvKey, b: Deno.KvKey): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] as string;
    if (part === other) continue;
    if (other === undefined) return 1;
    return part as string < other ? -1 : 1;
  }
  return a.length - b.length;
}

function conflict(): EdgeError {
  return new EdgeError(
    "conflict",
    "Other changes of this patient came first, again and again; try again.",
  );
}
