import { invalidInput } from "../core/errors.ts";
import { rewrapAudit } from "../store/audit/audit_store.ts";
import { DataKeys } from "../store/encryption/data_keys.ts";
import {
  openKeyring,
  type OperatorKey,
  rewrapIndexKey,
} from "../store/encryption/keyring.ts";
import { retryLocked } from "../store/kv/retry.ts";
import { PURGE_DUE, type Purger } from "../store/erasure/purge_file.ts";
import { encryptStore } from "../store/encrypt_store.ts";
import { createCommand } from "./command_line.ts";
import type { Kv } from "../store/kv/kv.ts";

/** Runs work on the store, and closes the store after it. */
export type WithStore = (
  work: (kv: Kv, keys: OperatorKey[], purger: Purger) => Promise<void>,
) => Promise<void>;

/** `deno task operator-keys`. */
export function operatorKeysCommand(withStore: WithStore) {
  const command = createCommand(
    "deno task operator-keys",
    "Changes how the store is encrypted. OPERATOR_KEYS names the operator keys, the newest first.",
  );
  command.command("rotate")
    .description("wrap all data keys under the newest operator key")
    .action(() => withStore(rotate));
  command.command("seal")
    .description("encrypt a store that holds unencrypted data")
    .action(() => withStore(seal));
  return command;
}

async function seal(kv: Kv, keys: OperatorKey[], purger: Purger) {
  const keyring = await keyringOf(kv, keys, { encrypts: true });
  const count = await encryptStore(kv, keyring);
  await purger.purge();
  console.log(`sealed ${count} records under "${keyring.newest}"`);
}

async function rotate(kv: Kv, keys: OperatorKey[], purger: Purger) {
  const keyring = await keyringOf(kv, keys, { encrypts: false });
  const count = await new DataKeys(kv, keyring, Date.now).rewrap();
  await rewrapAudit(kv, keyring);
  await rewrapIndexKey(kv, keyring);
  await retryLocked(() => kv.set(PURGE_DUE, Date.now()));
  await purger.purge();
  console.log(
    `wrapped ${count} data keys under "${keyring.newest}"; no other key is needed any more`,
  );
}

async function keyringOf(...args: Parameters<typeof openKeyring>) {
  const keyring = await openKeyring(...args);
  if (keyring !== null) return keyring;
  throw invalidInput("OPERATOR_KEYS is needed, the newest key first.");
}
