import product from "../deno.json" with { type: "json" };
import type { WorkersOptions } from "../lib/engine/workers.ts";
import { locatePackage } from "../lib/model/locate.ts";
import type { Environment } from "../lib/receipt/provenance.ts";
import type { RuntimeDescription } from "../lib/runtime/runtime.ts";
import { type Config, modelRoots } from "./config.ts";

/** Least time in which a model is loaded and run once, seconds. */
const START_S = 60;

/** The folders of the packages that `MODEL` names, in its order. */
export function modelFolders(config: Config): Promise<URL[]> {
  const roots = modelRoots(config);
  return Promise.all(config.MODEL.map((name) => locatePackage(name, roots)));
}

/** How workers load and run these models, whatever for. */
export function workersFor(config: Config, folders: URL[]) {
  return {
    folders: folders.map(({ href }) => href),
    runtime: config.RUNTIME,
    threads: config.THREADS,
    workers: config.WORKERS,
    startDeadline: Math.max(config.DEADLINE, START_S) * 1000 * folders.length,
    maxPixels: config.MAX_PIXELS,
  } satisfies Partial<WorkersOptions>;
}

/** What receipts say of the process that answers. */
export function environmentOf(
  runtime: RuntimeDescription,
  encoder: "local" | "remote",
): Environment {
  const { deno, v8 } = Deno.version;
  const platform = Deno.build.target;
  return {
    runtime: { ...runtime, encoder, deno, v8, platform },
    version: product.version,
  };
}
