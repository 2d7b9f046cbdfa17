import { invalidInput } from "../core/errors.ts";
import { rewrapAudit } from "../store/audit/trail.ts";
import { DataKeys } from "../store/encryption/data_keys.ts";
import {
  openKeyring,
  type OperatorKey,
  rewrapIndex,
} from "../store/encryption/keyring.ts";
import { whenUnlocked } from "../store/encryption/locked.ts";
import type { Scrubber } from "../store/encryption/scrub.ts";
import { sealStore } from "../store/encryption/seal_store.ts";
import { SCRUB } from "../store/encryption/vault.ts";
import { createCommand } from "./command_line.ts";

/** Runs work on the store, and closes the store after it. */
export type WithStore = (
  work: (kv: Deno.Kv, keys: OperatorKey[], scrubber: Scrubber) => Promise<void>,
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

async function seal(kv: Deno.Kv, keys: OperatorKey[], scrubber: Scrubber) {
  const keyring = await keyringOf(kv, keys, { sealing: true });
  const count = await sealStore(kv, keyring);
  await scrubber.scrub();
  console.log(`sealed ${count} records under "${keyring.newest}"`);
}

async function rotate(kv: Deno.Kv, keys: OperatorKey[], scrubber: Scrubber) {
  const keyring = await keyringOf(kv, keys, { sealing: false });
  const count = await new DataKeys(kv, keyring, Date.now).rewrap();
  await rewrapAudit(kv, keyring);
  await rewrapIndex(kv, keyring);
  await whenUnlocked(() => kv.set(SCRUB, Date.now()));
  await scrubber.scrub();
  console.log(
    `wrapped ${count} data keys under "${keyring.newest}"; no other key is needed any more`,
  );
}

async function keyringOf(...args: Parameters<typeof openKeyring>) {
  const keyring = await openKeyring(...args);
  if (keyring !== null) return keyring;
  throw invalidInput("OPERATOR_KEYS is needed, the newest key first.");
}
