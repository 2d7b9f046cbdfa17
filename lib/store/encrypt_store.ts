import { encryptAudit } from "./audit/audit_store.ts";
import { isEncrypted } from "./encryption/encrypted_record.ts";
import { ENCRYPTING, type Keyring } from "./encryption/keyring.ts";
import { PURGE_DUE } from "./erasure/purge_file.ts";
import { BlobStore } from "./kv/blob_store.ts";
import {
  changedAt,
  dataKeyAt,
  type Owner,
  ownerIn,
  ownerOf,
  PASSING_KINDS,
  recordKinds,
} from "./kv/owner.ts";
import { retryLocked } from "./kv/retry.ts";
import { RecordStore } from "./records/record_store.ts";
import type { Kv } from "./kv/kv.ts";

/**
 * Encrypts what was stored in the clear; what is kept for some hours alone, such as embeddings, is dropped instead.
 * Nothing else may write meanwhile.
 * After an interruption the next call continues; until one has finished, no server starts.
 *
 * @param keyring over the same KV, opened with `encrypts`.
 * @returns how many records were encrypted.
 */
export async function encryptStore(
  kv: Kv,
  keyring: Keyring,
): Promise<number> {
  await retryLocked(() => kv.set(ENCRYPTING, true));
  const plain = new BlobStore(kv);
  const encrypted = new RecordStore(kv, { keyring });
  let count = 0;
  const kinds = await recordKinds(kv);
  for (const kind of kinds.filter((kind) => !PASSING_KINDS.includes(kind))) {
    for await (const { key } of kv.list({ prefix: [kind] })) {
      const stored = await plain.read(key);
      if (stored === null || isEncrypted(stored.record)) continue;
      const changed = await kv.get<number>(changedAt(ownerOf(key)));
      await encrypted.put(key, stored);
      if (changed.value !== null) {
        const at = changedAt(ownerOf(await encrypted.hideNames(key)));
        await retryLocked(() => kv.set(at, changed.value));
      }
      await plain.delete(key);
      count++;
    }
  }
  for (const kind of ["changed", "link", "erasing"]) {
    for await (const { key } of kv.list({ prefix: [kind] })) {
      if (await hasDataKey(kv, ownerIn(key))) continue;
      await retryLocked(() => kv.delete(key));
    }
  }
  for (const kind of PASSING_KINDS.filter((kind) => kind !== "link")) {
    for await (const { key } of kv.list({ prefix: [kind] })) {
      if (!await hasDataKey(kv, ownerOf(key))) await plain.delete(key);
    }
  }
  await encryptAudit(kv, keyring);
  await retryLocked(() => kv.set(PURGE_DUE, Date.now()));
  await retryLocked(() => kv.delete(ENCRYPTING));
  return count;
}

/** Whether an owner's data is encrypted. */
async function hasDataKey(kv: Kv, owner: Owner): Promise<boolean> {
  return (await kv.get(dataKeyAt(owner))).value !== null;
}
