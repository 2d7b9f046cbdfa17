import type { Bytes } from "../../core/bytes.ts";
import type { Entry, Stored } from "../kv/blob_store.ts";
import { damaged, decrypt, encrypt } from "./primitives.ts";

/** Version of the layout, bound into every ciphertext. */
const LAYOUT = 1;

/** A record as it is stored under a data key. */
export interface EncryptedRecord {
  /** Id of this write, so that the record or bytes of another write are not taken for its own. */
  write: string;
  /** The plain key and the record as JSON, encrypted. */
  sealed: Bytes;
}

/** Encrypts a record and its bytes. @param at where they will lie; nowhere else can they be decrypted. */
export async function encryptEntry<T>(
  key: CryptoKey,
  at: Deno.KvKey,
  { key: plain, record, bytes, ifVersion }: Entry<T>,
): Promise<Entry<EncryptedRecord>> {
  const write = crypto.randomUUID();
  const text = JSON.stringify({ key: plain, record });
  const sealed = await encrypt(
    key,
    contextOf(at, "record", write),
    new TextEncoder().encode(text),
  );
  return {
    key: at,
    record: { write, sealed },
    bytes: await encrypt(key, contextOf(at, "bytes", write), bytes),
    ifVersion,
  };
}

/** The plain key and the record that `encryptEntry` encrypted. @throws EdgeError `damaged` */
export async function decryptRecord<T>(
  key: CryptoKey,
  at: Deno.KvKey,
  record: EncryptedRecord,
): Promise<{ key: Deno.KvKey; record: T }> {
  if (!isEncrypted(record)) throw damaged();
  const { write, sealed } = record;
  const text = await decrypt(key, contextOf(at, "record", write), sealed);
  return JSON.parse(new TextDecoder().decode(text));
}

/** The record and bytes that `encryptEntry` encrypted. @throws EdgeError `damaged` */
export async function decryptEntry<T>(
  key: CryptoKey,
  at: Deno.KvKey,
  { record: encrypted, bytes }: Stored<EncryptedRecord>,
): Promise<Stored<T>> {
  const { record } = await decryptRecord<T>(key, at, encrypted);
  const context = contextOf(at, "bytes", encrypted.write);
  return { record, bytes: await decrypt(key, context, bytes) };
}

/** Whether a stored record is encrypted. */
export function isEncrypted(record: unknown): record is EncryptedRecord {
  const { write, sealed } = Object(record) as Partial<EncryptedRecord>;
  return typeof write === "string" && sealed instanceof Uint8Array;
}

function contextOf(at: Deno.KvKey, what: string, write: string): string {
  return JSON.stringify([LAYOUT, at, what, write]);
}
