import { KEYS_USAGE, manageKeys } from "../../lib/cli/rotate_keys.ts";
import { createPurger } from "../../lib/store/erasure/purge_file.ts";
import { fileOf, openKv } from "../compose_state.ts";
import { readConfig } from "../config.ts";
import { runMain } from "./run_command.ts";

/** `deno task operator-keys`: rotates the operator's keys, or encrypts a store that is in the clear. */
await runMain(async () => {
  if (Deno.args.includes("--help")) return console.log(KEYS_USAGE);
  const { KV_PATH, OPERATOR_KEYS } = readConfig(Deno.env.toObject());
  using kv = await openKv(KV_PATH);
  using purger = createPurger(kv, fileOf(KV_PATH));
  await manageKeys(Deno.args, kv, OPERATOR_KEYS, purger);
});
