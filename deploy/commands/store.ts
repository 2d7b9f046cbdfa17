import { storeCommand } from "../../lib/cli/store_command.ts";
import { openKv } from "../compose_state.ts";
import { runCommand } from "./run_command.ts";

/** `deno task store`: copies a store into another database. */
await runCommand(storeCommand(openKv));
