import { EdgeError } from "../../core/errors.ts";
import { whenUnlocked } from "../kv/retry_locked.ts";
import type { Bytes } from "../../core/bytes.ts";

/** A key of the operator: it wraps other keys and nothing else. */
export interface OperatorKey {
  id: string;
  /** 32 bytes. */
  secret: Bytes;
}

/** A key, sealed under the operator's key of this id. */
export interface Wrapped {
  id: string;
  /** Nonce, 12 bytes, and AES-GCM ciphertext. */
  bytes: Bytes;
}

/** What an operator's keys can do. */
export interface Keyring {
  /** Id of the key that wraps: the first. */
  readonly newest: string;
  /** @param context what the key is for; it unwraps under no other. */
  wrap(context: string, secret: Bytes): Promise<Wrapped>;
  /** @throws EdgeError `damaged` */
  unwrap(context: string, wrapped: Wrapped): Promise<Bytes>;
  /** 128 bits of HMAC-SHA-256 under the store's index key, base64url: stands for a name, and tells it to nobody. */
  tag(...parts: string[]): Promise<string>;
}

/** Where the index key lies: it outlives every operator key, so that rotation loses no record. */
export const SEAL: Deno.KvKey = ["seal"];
/** Says that some of what is stored may still be in the clear. */
export const SEALING: Deno.KvKey = ["sealing"];
const INDEX = "index key";

/**
 * Opens a store's keys.
 *
 * @param keys the first wraps, all unwrap; none where data is stored unencrypted.
 * @param sealing whether what is stored in the clear is about to be sealed.
 * @returns null for no keys.
 * @throws EdgeError `invalid-input` when keys and store do not fit.
 */
export async function openKeyring(
  kv: Deno.Kv,
  keys: OperatorKey[],
  { sealing = false } = {},
): Promise<Keyring | null> {
  if (!sealing && (await kv.get(SEALING)).value !== null) {
    throw unfit("`deno task operator-keys seal` was cut off; run it again");
  }
  const seal = await kv.get<Wrapped>(SEAL);
  if (keys.length === 0) {
    if (seal.value === null) return null;
    throw unfit("the store is encrypted, and OPERATOR_KEYS is not set");
  }
  const wrapping = await openWrapping(keys);
  if (seal.value === null) {
    if (!sealing && await holdsRecords(kv)) {
      throw unfit(
        "the store holds unencrypted data, which `deno task operator-keys seal` encrypts",
      );
    }
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const wrapped = await wrapping.wrap(INDEX, secret);
    const created = await whenUnlocked(() =>
      kv.atomic().check(seal).set(SEAL, wrapped).commit()
    );
    // Another instance may have been first.
    if (!created.ok) return await openKeyring(kv, keys, { sealing });
    return { ...wrapping, tag: await tagger(secret) };
  }
  const { id } = seal.value;
  if (!keys.some((key) => key.id === id)) {
    throw unfit(`the store needs the operator key "${id}"`);
  }
  const secret = await wrapping.unwrap(INDEX, seal.value).catch(() => {
    throw unfit(`the operator key "${id}" is not the one the store knows`);
  });
  return { ...wrapping, tag: await tagger(secret) };
}

/** Wraps the index key under the newest operator key; false when it was already. */
export async function rewrapIndex(
  kv: Deno.Kv,
  keyring: Keyring,
): Promise<boolean> {
  const seal = await kv.get<Wrapped>(SEAL);
  if (seal.value === null || seal.value.id === keyring.newest) return false;
  const secret = await keyring.unwrap(INDEX, seal.value);
  const wrapped = await keyring.wrap(INDEX, secret);
  await whenUnlocked(() => kv.atomic().check(seal).set(SEAL, wrapped).commit());
  return true;
}

async function openWrapping(keys: OperatorKey[]) {
  const opened = new Map<string, CryptoKey>();
  for (const { id, secret } of keys) opened.set(id, await importKey(secret));
  const newest = keys[0].id;
  return {
    newest,
    async wrap(context: string, secret: Bytes): Promise<Wrapped> {
      const bytes = await encrypt(opened.get(newest)!, context, secret);
      return { id: newest, bytes };
    },
    async unwrap(context: string, { id, bytes }: Wrapped): Promise<Bytes> {
      const key = opened.get(id);
      if (key === undefined) throw damaged();
      return await decrypt(key, context, bytes);
    },
  };
}

async function tagger(secret: Bytes): Promise<Keyring["tag"]> {
  const key = await crypto.subtle.importKey(
    "raw",
    secret,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return async (...parts) => {
    const text = new TextEncoder().encode(JSON.stringify(parts));
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
    return mac.slice(0, 16).toBase64({ alphabet: "base64url" })
      .replaceAll("=", "");
  };
}

/** @param secret 32 bytes. */
export function importKey(secret: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

/**
 * AES-256-GCM under a random nonce, which comes first.
 *
 * @param context additional authenticated data: what the bytes are and where they lie.
 */
export async function encrypt(
  key: CryptoKey,
  context: string,
  bytes: Bytes,
): Promise<Bytes> {
  const sealed = new Uint8Array(12 + bytes.length + 16);
  const iv = crypto.getRandomValues(sealed.subarray(0, 12));
  const additionalData = new TextEncoder().encode(context);
  const algorithm = { name: "AES-GCM", iv, additionalData };
  const out = await crypto.subtle.encrypt(algorithm, key, bytes);
  sealed.set(new Uint8Array(out), 12);
  return sealed;
}

/** What `encrypt` sealed. @throws EdgeError `damaged` for other bytes, another key or another context. */
export async function decrypt(
  key: CryptoKey,
  context: string,
  sealed: Bytes,
): Promise<Bytes> {
  const iv = sealed.subarray(0, 12);
  const additionalData = new TextEncoder().encode(context);
  const algorithm = { name: "AES-GCM", iv, additionalData };
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(algorithm, key, sealed.subarray(12)),
    );
  } catch {
    throw damaged();
  }
}

export function damaged(): EdgeError {
  return new EdgeError(
    "damaged",
    "What is stored here was damaged or altered, and is not used; erase it and send it again, or restore the store.",
  );
}

/** Whether anything is stored that would have to be encrypted. */
async function holdsRecords(kv: Deno.Kv): Promise<boolean> {
  for await (const _ of kv.list({ prefix: ["chunk"] }, { limit: 1 })) {
    return true;
  }
  return false;
}

function unfit(why: string): EdgeError {
  return new EdgeError("invalid-input", `KV_PATH cannot be used: ${why}.`);
}
