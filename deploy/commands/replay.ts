import { replayCommand } from "../../lib/cli/replay_receipt.ts";
import { composeModel } from "../compose_engine.ts";
import { readConfig } from "../config.ts";
import { runCommand } from "./run_command.ts";

/** `deno task replay`: makes a mask again from its receipt, and says whether it is identical. */
await runCommand(
  replayCommand(() => composeModel(readConfig(Deno.env.toObject()))),
);
