import {
  openKeyring,
  type OperatorKey,
} from "../../lib/store/encryption/keyring.ts";
import {
  RecordStore,
  type RecordStoreOptions,
} from "../../lib/store/records/record_store.ts";
import type { Kv } from "../../lib/store/kv/kv.ts";

/** An operator key of 32 equal bytes. */
export const operatorKey = (id: string, fill = 7): OperatorKey => ({
  id,
  secret: new Uint8Array(32).fill(fill),
});

/** The keys as the environment states them. */
export const stated = (...keys: OperatorKey[]) =>
  keys.map(({ id, secret }) => `${id}:${secret.toBase64()}`).join(",");

/** A records that seals under an operator key. */
export async function openRecords(
  kv: Kv,
  keys: OperatorKey[] = [operatorKey("k1")],
  options: RecordStoreOptions = {},
): Promise<RecordStore> {
  return new RecordStore(kv, {
    ...options,
    keyring: await openKeyring(kv, keys),
  });
}
