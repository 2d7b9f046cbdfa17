/** A commit that is being put together. */
export interface KvAtomic {
  /** @param checks entries that must still be of these versions; null stands for none. */
  check(...checks: Deno.AtomicCheck[]): KvAtomic;
  set(key: Deno.KvKey, value: unknown, options?: KvExpiry): KvAtomic;
  delete(key: Deno.KvKey): KvAtomic;
  /** Writes all or, where a check fails, nothing. */
  commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError>;
}

/** Milliseconds after which an entry may be forgotten. */
export interface KvExpiry {
  expireIn?: number;
}

/** A database of ordered keys: the part of `Deno.Kv` that the stores use. PostgreSQL has it too. */
export interface Kv {
  get<T = unknown>(key: Deno.KvKey): Promise<Deno.KvEntryMaybe<T>>;
  getMany(keys: Deno.KvKey[]): Promise<Deno.KvEntryMaybe<unknown>[]>;
  set(
    key: Deno.KvKey,
    value: unknown,
    options?: KvExpiry,
  ): Promise<Deno.KvCommitResult>;
  delete(key: Deno.KvKey): Promise<void>;
  /** Entries in the order of their keys: Uint8Array, string, number, boolean. */
  list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: { limit?: number; reverse?: boolean; batchSize?: number },
  ): AsyncIterableIterator<Deno.KvEntry<T>>;
  atomic(): KvAtomic;
  close(): void | Promise<void>;
  /** Bytes of the largest value worth storing in one piece; absent for what `Deno.Kv` allows. */
  readonly chunkBytes?: number;
}
