import { evaluateCommand } from "../../lib/cli/evaluate_folders.ts";
import { composeEngines } from "../compose_engine.ts";
import { readConfig } from "../config.ts";
import { runCommand } from "./run_command.ts";

/** The most that WORKERS may be. */
const MOST_WORKERS = 16;

/** `deno task evaluate`: Dice and IoU over folders in PerSeg layout, on all cores unless the settings say otherwise. */
await runCommand(evaluateCommand((images, model) => {
  const set = Deno.env.toObject();
  // Two workers of one thread get through more than one of two, with the same masks.
  const config = readConfig({ ...set, THREADS: set.THREADS || "1" });
  const fit = Math.floor(navigator.hardwareConcurrency / config.THREADS);
  // A GPU and the native library divide the work themselves; every worker holds a model of its own.
  const own = config.RUNTIME === "wasm" ? Math.min(fit, MOST_WORKERS) : 1;
  const most = set.WORKERS ? config.WORKERS : Math.max(1, own);
  return composeEngines({
    ...config,
    MODEL: model ? [model] : config.MODEL,
    WORKERS: Math.min(most, images),
  });
}));
