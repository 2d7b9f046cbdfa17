import { EVALUATE_USAGE, evaluateFolders } from "../lib/cli/evaluate.ts";
import { composeEngine } from "./compose.ts";
import { readConfig } from "./config.ts";
import { runMain } from "./main.ts";

/** `deno task evaluate`: Dice and IoU over folders in PerSeg layout. */
await runMain(async () => {
  if (Deno.args.includes("--help")) return console.log(EVALUATE_USAGE);
  const config = readConfig(Deno.env.toObject());
  await evaluateFolders(
    Deno.args,
    (model) => composeEngine(model ? { ...config, MODEL: [model] } : config),
    config.MAX_PIXELS,
  );
});
