import { sealAudit } from "./audit/kv_audit_store.ts";
import { BlobStore } from "./kv/blob_store.ts";
import { dataKeyAt, type Owner } from "./encryption/data_keys.ts";
import { type Keyring, SEALING } from "./encryption/operator_keys.ts";
import { whenUnlocked } from "./kv/retry_locked.ts";
import { isSealed } from "./encryption/encrypted_record.ts";
import { recordKinds, SCRUB, Vault } from "./records/record_store.ts";

/**
 * Seals what was stored in the clear; cached embeddings are dropped instead. Nothing else may write
 * meanwhile. What is done stays done when it is cut off: until a later call has finished, no server starts.
 *
 * @param keyring opened for sealing, over the same KV.
 * @returns records sealed.
 */
export async function sealStore(
  kv: Deno.Kv,
  keyring: Keyring,
): Promise<number> {
  await whenUnlocked(() => kv.set(SEALING, true));
  const [plain, vault] = [new BlobStore(kv), new Vault(kv, { keyring })];
  let count = 0;
  for (const kind of await recordKinds(kv)) {
    for await (const { key } of kv.list({ prefix: [kind] })) {
      const stored = await plain.get(key);
      if (stored === null || isSealed(stored.record ?? {})) continue;
      const [, tenant, patient] = key as string[];
      const changed = await kv.get<number>(
        ["changed", "patient", tenant, patient],
      );
      await vault.put(key, stored);
      if (changed.value !== null) {
        const [, , name] = await vault.hide(key);
        const at = ["changed", "patient", tenant, name];
        await whenUnlocked(() => kv.set(at, changed.value));
      }
      await plain.delete(key);
      count++;
    }
  }
  for (const kind of ["changed", "link", "erasing"]) {
    for await (const { key } of kv.list({ prefix: [kind] })) {
      const owner = key.slice(1, 4) as unknown as Owner;
      if (await isOwned(kv, owner)) continue;
      await whenUnlocked(() => kv.delete(key));
    }
  }
  for await (const { key } of kv.list({ prefix: ["embedding"] })) {
    if (!await isOwned(kv, key as unknown as Owner)) await plain.delete(key);
  }
  await sealAudit(kv, keyring);
  await whenUnlocked(() => kv.set(SCRUB, Date.now()));
  await whenUnlocked(() => kv.delete(SEALING));
  return count;
}

/** What is sealed has a data key. */
async function isOwned(kv: Deno.Kv, owner: Owner): Promise<boolean> {
  return (await kv.get(dataKeyAt(owner))).value !== null;
}
