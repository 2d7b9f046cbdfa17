import { replayCommand } from "../../lib/cli/replay_receipt.ts";
import { openModel } from "../compose_engine.ts";
import { runCommand } from "./run_command.ts";

/** `deno task replay`: makes a mask again from its receipt, and says whether it is identical. */
await runCommand(replayCommand(openModel));
