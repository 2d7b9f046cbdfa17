import { committed } from "../kv/blob_store.ts";
import { importKey, type Keyring, type Wrapped } from "./operator_keys.ts";
import type { Bytes } from "../../core/bytes.ts";

/** Whose data a key seals: one patient's, or one embedding's; names are hidden already. */
export type Owner = readonly [
  kind: "patient" | "embedding",
  tenant: string,
  name: string,
];

/** A wrapped data key as it is stored. */
export interface StoredKey extends Wrapped {
  /** When KV forgets it, milliseconds since 1970; absent for never. */
  expiresAt?: number;
}

/** A data key, and the check that it has not been destroyed. */
export interface DataKey {
  key: CryptoKey;
  check: Deno.AtomicCheck;
}

/** The random keys that seal what is stored, each wrapped by the operator's. */
export class DataKeys {
  constructor(
    readonly kv: Deno.Kv,
    readonly keyring: Keyring,
    readonly now: () => number,
  ) {}

  /** The key of an owner, or null when there is none: nothing sealed under it can be read any more. */
  async find(owner: Owner): Promise<DataKey | null> {
    const entry = await this.kv.get<StoredKey>(dataKeyAt(owner));
    if (entry.value === null) return null;
    const secret = await this.keyring.unwrap(contextOf(owner), entry.value);
    const { key, versionstamp } = entry;
    return { key: await importKey(secret), check: { key, versionstamp } };
  }

  /** A new key, and what is to be stored of it. */
  async create(
    owner: Owner,
    expireIn?: number,
  ): Promise<{ key: CryptoKey; stored: StoredKey }> {
    const secret: Bytes = crypto.getRandomValues(new Uint8Array(32));
    const stored: StoredKey = await this.keyring.wrap(contextOf(owner), secret);
    if (expireIn !== undefined) stored.expiresAt = this.now() + expireIn;
    return { key: await importKey(secret), stored };
  }

  /** The key of an owner, made where there is none. */
  async require(owner: Owner): Promise<DataKey> {
    for (;;) {
      const found = await this.find(owner);
      if (found !== null) return found;
      const key = dataKeyAt(owner);
      const { stored } = await this.create(owner);
      await committed(
        this.kv.atomic().check({ key, versionstamp: null }).set(key, stored),
      );
    }
  }

  /**
   * Wraps every key under the newest operator key. What is done stays done when it is cut off, and the
   * next call goes on.
   *
   * @returns how many were wrapped.
   */
  async rewrap(): Promise<number> {
    let count = 0;
    const entries = this.kv.list<StoredKey>({ prefix: ["datakey"] });
    for await (const entry of entries) {
      const { expiresAt, ...old } = entry.value;
      if (old.id === this.keyring.newest) continue;
      const expireIn = expiresAt && Math.max(1, expiresAt - this.now());
      const [, ...owner] = entry.key as unknown as [string, ...Owner];
      const context = contextOf(owner);
      const secret = await this.keyring.unwrap(context, old);
      const stored = { ...await this.keyring.wrap(context, secret), expiresAt };
      // One that was destroyed meanwhile stays so.
      const rewrap = this.kv.atomic().check(entry)
        .set(entry.key, stored, expireIn ? { expireIn } : {});
      if (await committed(rewrap)) count++;
    }
    return count;
  }
}

/** Where the data key of an owner lies. */
export function dataKeyAt(owner: Owner): Deno.KvKey {
  return ["datakey", ...owner];
}

function contextOf(owner: Owner): string {
  return JSON.stringify(dataKeyAt(owner));
}
