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
import type { openKv } from "../../deploy/compose_state.ts";
import { readConfig } from "../../deploy/config.ts";
import { TINY } from "./model_package.ts";
import { freshPath } from "./store.ts";

/**
 * The workers of the first service, which outlive it and serve every service of the same options: the threads and the
 * loaded model are the slow part of a start.
 */
let warm: { key: string; workers: EngineWorkers } | undefined;
/** Observes the warm workers: that of the service that was opened last. */
let latest: WorkersObserver | undefined;

async function openWarmWorkers(
  options: WorkersOptions,
): Promise<EngineWorkers> {
  const key = JSON.stringify(options);
  if (warm !== undefined && warm.key !== key) return startWorkers(options);
  latest = options.observer;
  const observer: WorkersObserver = {
    waited: (ms) => latest?.waited(ms),
    lost: () => latest?.lost(),
  };
  warm ??= { key, workers: await startWorkers({ ...options, observer }) };
  const { workers } = warm;
  return {
    engineFor: workers.engineFor,
    runtime: workers.runtime,
    get ready() {
      return workers.ready;
    },
    get state() {
      return workers.state;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * The whole service in this process, over a separate KV. It runs the tiny model unless the settings name another,
 * or `MODEL` does in the environment of the tests.
 */
export async function openService(
  kvPath?: string,
  environment: Record<string, string> = {},
  open?: typeof openKv,
) {
  const config = readConfig({
    ...TINY,
    MODEL: Deno.env.get("MODEL") ?? TINY.MODEL,
    KV_PATH: kvPath ?? await freshPath(),
    ...environment,
  });
  const services = await compose(
    config,
    undefined,
    undefined,
    openWarmWorkers,
    open,
  );
  return {
    services,
    app: createApp(services),
    [Symbol.asyncDispose]: () => services[Symbol.asyncDispose](),
  };
}

// Opened by a test, the workers would count as left open by that test.
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
