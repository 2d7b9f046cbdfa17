import { invalidInput } from "../core/errors.ts";
import { rewrapAudit } from "../store/audit/kv_audit_store.ts";
import { DataKeys } from "../store/encryption/data_keys.ts";
import {
  openKeyring,
  type OperatorKey,
  rewrapIndexKey,
} from "../store/encryption/keyring.ts";
import { retryLocked } from "../store/kv/retry_locked.ts";
import { PURGE_DUE, type Purger } from "../store/erasure/purge_file.ts";
import { encryptStore } from "../store/encrypt_store.ts";
import { misuse } from "./arguments.ts";

export const KEYS_USAGE =
  "deno task operator-keys rotate | seal (OPERATOR_KEYS names the keys, the newest first)";

/** Wraps all data keys under the newest operator key, or encrypts a store that is in the clear. */
export async function manageKeys(
  args: string[],
  kv: Deno.Kv,
  keys: OperatorKey[],
  purger: Purger,
): Promise<void> {
  const [command, ...rest] = args;
  if (rest.length > 0 || !["rotate", "seal"].includes(command)) {
    throw misuse(`There is no command ${args.join(" ")}`, KEYS_USAGE);
  }
  const encrypts = command === "seal";
  const keyring = await openKeyring(kv, keys, { encrypts });
  if (keyring === null) {
    throw invalidInput("OPERATOR_KEYS is needed, the newest key first.");
  }
  if (encrypts) {
    const count = await encryptStore(kv, keyring);
    await purger.purge();
    console.log(`sealed ${count} records under "${keyring.newest}"`);
    return;
  }
  const count = await new DataKeys(kv, keyring, Date.now).rewrap();
  await rewrapAudit(kv, keyring);
  await rewrapIndexKey(kv, keyring);
  await retryLocked(() => kv.set(PURGE_DUE, Date.now()));
  await purger.purge();
  console.log(
    `wrapped ${count} data keys under "${keyring.newest}"; no other key is needed any more`,
  );
}
