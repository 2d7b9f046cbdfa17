import { REPLAY_USAGE, replayFiles } from "../../lib/cli/replay_receipt.ts";
import { composeModel } from "../compose_engine.ts";
import { readConfig } from "../config.ts";
import { runMain } from "./run_command.ts";

/** `deno task replay`: a receipt and its files → whether they give the identical mask. */
await runMain(async () => {
  if (Deno.args.includes("--help")) return console.log(REPLAY_USAGE);
  const config = readConfig(Deno.env.toObject());
  await replayFiles(Deno.args, () => composeModel(config));
});
