import {
  openKeyring,
  type OperatorKey,
} from "../../lib/store/encryption/operator_keys.ts";
import {
  Vault,
  type VaultOptions,
} from "../../lib/store/records/record_store.ts";

/** An operator key of 32 equal bytes. */
export const operatorKey = (id: string, fill = 7): OperatorKey => ({
  id,
  secret: new Uint8Array(32).fill(fill),
});

/** The keys as the environment states them. */
export const stated = (...keys: OperatorKey[]) =>
  keys.map(({ id, secret }) => `${id}:${secret.toBase64()}`).join(",");

/** A vault that seals under an operator key. */
export async function openVault(
  kv: Deno.Kv,
  keys: OperatorKey[] = [operatorKey("k1")],
  options: VaultOptions = {},
): Promise<Vault> {
  return new Vault(kv, { ...options, keyring: await openKeyring(kv, keys) });
}
