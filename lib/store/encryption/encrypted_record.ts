import type { Entry, Stored } from "../kv/blob_store.ts";
import { damaged, decrypt, encrypt } from "./operator_keys.ts";
import type { Bytes } from "../../core/bytes.ts";

/** Version of the layout, bound into every ciphertext. */
const LAYOUT = 1;

/** A record as it is stored under a data key. */
export interface SealedRecord {
  /** Names this write, so that the record or bytes of another write are not taken for its own. */
  write: string;
  /** The plain key and the record as JSON, sealed. */
  sealed: Bytes;
}

/** Seals a record and its bytes for the place where they will lie: moved elsewhere they do not open. */
export async function sealEntry<T>(
  key: CryptoKey,
  at: Deno.KvKey,
  { key: plain, record, bytes, was }: Entry<T>,
): Promise<Entry<SealedRecord>> {
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
    was,
  };
}

/** The plain key and the record that `sealEntry` sealed. @throws EdgeError `damaged` */
export async function openRecord<T>(
  key: CryptoKey,
  at: Deno.KvKey,
  { write, sealed }: SealedRecord,
): Promise<{ key: Deno.KvKey; record: T }> {
  if (!isSealed({ write, sealed })) throw damaged();
  const text = await decrypt(key, contextOf(at, "record", write), sealed);
  return JSON.parse(new TextDecoder().decode(text));
}

/** The record and bytes that `sealEntry` sealed. @throws EdgeError `damaged` */
export async function openEntry<T>(
  key: CryptoKey,
  at: Deno.KvKey,
  { record: sealed, bytes }: Stored<SealedRecord>,
): Promise<Stored<T>> {
  const { record } = await openRecord<T>(key, at, sealed);
  const context = contextOf(at, "bytes", sealed.write);
  return { record, bytes: await decrypt(key, context, bytes) };
}

/** Whether a record is sealed, and not in the clear. */
export function isSealed(record: unknown): record is SealedRecord {
  const { write, sealed } = record as Partial<SealedRecord>;
  return typeof write === "string" && sealed instanceof Uint8Array;
}

function contextOf(at: Deno.KvKey, what: string, write: string): string {
  return JSON.stringify([LAYOUT, at, what, write]);
}
