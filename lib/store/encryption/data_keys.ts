import type { Bytes } from "../../core/bytes.ts";
import { dataKeyAt, type Owner, ownerIn } from "../kv/owner.ts";
import { tryCommit } from "../kv/retry.ts";
import { importKey } from "./primitives.ts";
import type { Keyring, WrappedKey } from "./keyring.ts";
import type { Kv } from "../kv/kv.ts";

/** A wrapped data key as it is stored. */
export interface StoredKey extends WrappedKey {
  /** When KV forgets it, milliseconds since 1970; absent for never. */
  expiresAt?: number | undefined;
}

/** A data key, and the check that it has not been destroyed. */
export interface DataKey {
  key: CryptoKey;
  check: Deno.AtomicCheck;
}

/** The random keys that encrypt what is stored, one an owner, each wrapped under an operator key. */
export class DataKeys {
  constructor(
    readonly kv: Kv,
    readonly keyring: Keyring,
    readonly now: () => number,
  ) {}

  /** The key of an owner, or null when there is none: nothing encrypted under it can be read any more. */
  async find(owner: Owner): Promise<DataKey | null> {
    const entry = await this.kv.get<StoredKey>(dataKeyAt(owner));
    if (entry.value === null) return null;
    const secret = await this.keyring.unwrap(contextOf(owner), entry.value);
    const { key, versionstamp } = entry;
    return { key: await importKey(secret), check: { key, versionstamp } };
  }

  /** A new key, and its wrapped form, which the caller stores. */
  async create(
    owner: Owner,
    expireIn?: number,
  ): Promise<{ key: CryptoKey; stored: StoredKey }> {
    const secret: Bytes = crypto.getRandomValues(new Uint8Array(32));
    const stored: StoredKey = await this.keyring.wrap(contextOf(owner), secret);
    if (expireIn !== undefined) stored.expiresAt = this.now() + expireIn;
    return { key: await importKey(secret), stored };
  }

  /** The key of an owner, created where there is none. */
  async findOrCreate(owner: Owner): Promise<DataKey> {
    for (;;) {
      const found = await this.find(owner);
      if (found !== null) return found;
      const key = dataKeyAt(owner);
      const { stored } = await this.create(owner);
      await tryCommit(
        this.kv.atomic().check({ key, versionstamp: null }).set(key, stored),
      );
    }
  }

  /**
   * Key rotation: wraps every data key under the newest operator key. After an interruption the next call continues.
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
      const context = contextOf(ownerIn(entry.key));
      const secret = await this.keyring.unwrap(context, old);
      const stored = { ...await this.keyring.wrap(context, secret), expiresAt };
      // A key that was destroyed meanwhile stays destroyed.
      const rewrap = this.kv.atomic().check(entry)
        .set(entry.key, stored, expireIn ? { expireIn } : {});
      if (await tryCommit(rewrap)) count++;
    }
    return count;
  }
}

function contextOf(owner: Owner): string {
  return JSON.stringify(dataKeyAt(owner));
}
