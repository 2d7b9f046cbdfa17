import type { Bytes } from "../../core/bytes.ts";
import { type EdgeError, invalidInput } from "../../core/errors.ts";
import { COPYING } from "../kv/owner.ts";
import { tryCommit } from "../kv/retry.ts";
import {
  createTagger,
  damaged,
  decrypt,
  encrypt,
  importKey,
} from "./primitives.ts";
import type { Kv } from "../kv/kv.ts";

/** A key-encryption key of the operator: it wraps other keys and nothing else. */
export interface OperatorKey {
  id: string;
  /** 32 bytes. */
  secret: Bytes;
}

/** A key, encrypted under the operator key of this id. */
export interface WrappedKey {
  id: string;
  /** What `encrypt` of primitives.ts returns. */
  bytes: Bytes;
}

/**
 * The operator's keys, as envelope encryption uses them: data keys encrypt what is stored, and are stored themselves,
 * wrapped under an operator key.
 */
export interface Keyring {
  /** Id of the key that wraps: the first. */
  readonly newest: string;
  /** @param context what the key is for; it unwraps under no other. */
  wrap(context: string, secret: Bytes): Promise<WrappedKey>;
  /** @throws EdgeError `damaged` */
  unwrap(context: string, wrapped: WrappedKey): Promise<Bytes>;
  /** A tag under the store's index key, base64url; it stands for a name without revealing it. */
  tag(...names: string[]): Promise<string>;
}

/** Where the wrapped index key lies. No rotation changes that key, so that tags stay the same. */
const INDEX_KEY_AT: Deno.KvKey = ["seal"];
const INDEX_KEY_CONTEXT = "index key";
/** Set while a store is being encrypted: some of it may still be in the clear. */
export const ENCRYPTING: Deno.KvKey = ["sealing"];

/**
 * Opens the keyring of a store.
 *
 * @param keys the first wraps, all unwrap; none where data is stored in the clear.
 * @param encrypts whether data in the clear is about to be encrypted.
 * @returns null for no keys.
 * @throws EdgeError `invalid-input` when the store was written under other keys, or in the clear.
 */
export async function openKeyring(
  kv: Kv,
  keys: OperatorKey[],
  { encrypts = false } = {},
): Promise<Keyring | null> {
  if (!encrypts && (await kv.get(ENCRYPTING)).value !== null) {
    throw unfit("`deno task operator-keys seal` was cut off; run it again");
  }
  if ((await kv.get(COPYING)).value !== null) {
    throw unfit("`deno task store copy` into it was cut off; run it again");
  }
  const stored = await kv.get<WrappedKey>(INDEX_KEY_AT);
  const [newest] = keys;
  if (newest === undefined) {
    if (stored.value === null) return null;
    throw unfit("the store is encrypted, and OPERATOR_KEYS is not set");
  }
  const wrapping = await importKeys(newest.id, keys);
  if (stored.value === null) {
    if (!encrypts && await holdsRecords(kv)) {
      throw unfit(
        "the store holds unencrypted data, which `deno task operator-keys seal` encrypts",
      );
    }
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const wrapped = await wrapping.wrap(INDEX_KEY_CONTEXT, secret);
    const creation = kv.atomic().check(stored).set(INDEX_KEY_AT, wrapped);
    if (!await tryCommit(creation)) {
      // Another instance was first.
      return await openKeyring(kv, keys, { encrypts });
    }
    return { ...wrapping, tag: await tagsUnder(secret) };
  }
  const { id } = stored.value;
  if (!keys.some((key) => key.id === id)) {
    throw unfit(`the store needs the operator key "${id}"`);
  }
  const secret = await wrapping.unwrap(INDEX_KEY_CONTEXT, stored.value)
    .catch(() => {
      throw unfit(`the operator key "${id}" is not the one the store knows`);
    });
  return { ...wrapping, tag: await tagsUnder(secret) };
}

/** Wraps the index key under the newest operator key; false when it was already. */
export async function rewrapIndexKey(
  kv: Kv,
  keyring: Keyring,
): Promise<boolean> {
  const stored = await kv.get<WrappedKey>(INDEX_KEY_AT);
  if (stored.value === null || stored.value.id === keyring.newest) return false;
  const secret = await keyring.unwrap(INDEX_KEY_CONTEXT, stored.value);
  const wrapped = await keyring.wrap(INDEX_KEY_CONTEXT, secret);
  await tryCommit(kv.atomic().check(stored).set(INDEX_KEY_AT, wrapped));
  return true;
}

async function importKeys(newest: string, keys: OperatorKey[]) {
  const imported = new Map<string, CryptoKey>();
  for (const { id, secret } of keys) imported.set(id, await importKey(secret));
  const keyOf = (id: string) => {
    const key = imported.get(id);
    if (key === undefined) throw damaged();
    return key;
  };
  return {
    newest,
    async wrap(context: string, secret: Bytes): Promise<WrappedKey> {
      const bytes = await encrypt(keyOf(newest), context, secret);
      return { id: newest, bytes };
    },
    async unwrap(context: string, { id, bytes }: WrappedKey): Promise<Bytes> {
      return await decrypt(keyOf(id), context, bytes);
    },
  };
}

async function tagsUnder(secret: Bytes): Promise<Keyring["tag"]> {
  const tag = await createTagger(secret);
  return async (...names) =>
    (await tag(names)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Whether anything is stored that would have to be encrypted. */
async function holdsRecords(kv: Kv): Promise<boolean> {
  for await (const _ of kv.list({ prefix: ["chunk"] }, { limit: 1 })) {
    return true;
  }
  return false;
}

function unfit(why: string): EdgeError {
  return invalidInput(`KV_PATH cannot be used: ${why}.`);
}
