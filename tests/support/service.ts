import { createApp } from "../../functions/app.ts";
import type { Services } from "../../functions/services.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import {
  type EngineWorkers,
  startWorkers,
  type WorkersObserver,
  type WorkersOptions,
} from "../../lib/engine/workers.ts";
import type { EngineFor } from "../../lib/engine/work.ts";
import { compose } from "../../deploy/compose.ts";
import { readConfig } from "../../deploy/config.ts";
import { TINY } from "./model_package.ts";

/**
 * The pool of the first service outlives it, for every service of the same options: the threads and the loaded model
 * are the slow part of a start, and a file's tests share them.
 */
let warm: { key: string; pool: EngineWorkers } | undefined;
/** Told what happens in a warm pool: the service that was opened last. */
let told: WorkersObserver | undefined;

async function openWarmPool(options: WorkersOptions): Promise<EngineWorkers> {
  const key = JSON.stringify(options);
  if (warm !== undefined && warm.key !== key) return startWorkers(options);
  told = options.observer;
  const observer: WorkersObserver = {
    waited: (ms) => told?.waited(ms),
    lost: () => told?.lost(),
  };
  warm ??= { key, pool: await startWorkers({ ...options, observer }) };
  const { pool } = warm;
  return {
    engineFor: pool.engineFor,
    runtime: pool.runtime,
    get ready() {
      return pool.ready;
    },
    get state() {
      return pool.state;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * The whole service in this process, over a KV of its own. It runs the tiny model unless the settings name another,
 * or `MODEL` does in the environment of the tests.
 */
export async function openService(
  kvPath = ":memory:",
  environment: Record<string, string> = {},
) {
  const config = readConfig({
    ...TINY,
    MODEL: Deno.env.get("MODEL") ?? TINY.MODEL,
    KV_PATH: kvPath,
    ...environment,
  });
  const services = await compose(config, undefined, undefined, openWarmPool);
  return {
    services,
    app: createApp(services),
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  };
}

// A pool that a test's first service opened would count as left open by that test.
await (await openService())[Symbol.asyncDispose]();

/** The services with an engine that counts the segmentations it begins. */
export function countSegments(services: Services) {
  const served = services.models.default;
  let begun = 0;
  const engineFor: EngineFor = (work) => {
    const engine = served.engineFor(work);
    return {
      ...engine,
      segment: (...args) => {
        begun++;
        return engine.segment(...args);
      },
    };
  };
  const models = createCatalogue([{ ...served, engineFor }]);
  return { counted: { ...services, models }, begun: () => begun };
}
