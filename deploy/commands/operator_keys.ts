import { operatorKeysCommand } from "../../lib/cli/rotate_keys.ts";
import { createPurger } from "../../lib/store/erasure/purge_file.ts";
import { fileOf, openKv } from "../compose_state.ts";
import { readConfig } from "../config.ts";
import { runCommand } from "./run_command.ts";

/** `deno task operator-keys`: rotates the operator's keys, or encrypts a store that holds unencrypted data. */
await runCommand(operatorKeysCommand(async (work) => {
  const { KV_PATH, OPERATOR_KEYS } = readConfig(Deno.env.toObject());
  const kv = await openKv(KV_PATH);
  try {
    using purger = createPurger(kv, fileOf(KV_PATH));
    await work(kv, OPERATOR_KEYS, purger);
  } finally {
    await kv.close();
  }
}));
