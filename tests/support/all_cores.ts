import { composeEngines } from "../../deploy/compose_engine.ts";
import { readConfig } from "../../deploy/config.ts";
import type { Engines } from "../../lib/cli/open_model.ts";

/** The embedded model in a worker per core. */
export function openAllCores(): Promise<Engines> {
  const workers = Math.min(navigator.hardwareConcurrency, 16);
  return composeEngines(readConfig({ THREADS: "1", WORKERS: `${workers}` }));
}
