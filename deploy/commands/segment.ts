import { SEGMENT_USAGE, segmentFiles } from "../../lib/cli/segment_files.ts";
import { composeModel } from "../compose_engine.ts";
import { readConfig } from "../config.ts";
import { runMain } from "./run_command.ts";

/** `deno task segment`: enrol one annotated image and segment others, from files to files. */
await runMain(async () => {
  if (Deno.args.includes("--help")) return console.log(SEGMENT_USAGE);
  const config = readConfig(Deno.env.toObject());
  await segmentFiles(Deno.args, () => composeModel(config), config.MAX_PIXELS);
});
