/// <reference lib="deno.worker" />
import { createCollector } from "../../lib/engine/collector.ts";
import { caseOf } from "./cases.ts";
import { allTargets, isRefusal } from "./targets.ts";

/** Which cases to run. */
export interface Batch {
  seed: number;
  /** The only target that is drawn; all where it is left out. */
  target?: string | undefined;
  from: number;
  to: number;
}

/** The outcome of a batch. */
export interface BatchResult {
  /** How many inputs were accepted, and refused, by target. */
  taken: Record<string, number>;
  refused: Record<string, number>;
  failures: Failure[];
  /** Slow cases; times in milliseconds. */
  slow: { index: number; target: string; ms: number }[];
}

export interface Failure {
  index: number;
  target: string;
  why: string;
}

const SLOW_MS = 1000;
const scope = self as unknown as DedicatedWorkerGlobalScope;
const targets = await allTargets();
const collect = createCollector();

/** The number of the running case, for the thread that watches this one. */
let progress: Int32Array;

scope.onmessage = async ({ data }: MessageEvent<Batch | SharedArrayBuffer>) => {
  if (data instanceof SharedArrayBuffer) {
    progress = new Int32Array(data);
    return scope.postMessage("ready");
  }
  const { seed, target: only, from, to } = data;
  const drawn = only === undefined
    ? targets
    : targets.filter(({ name }) => name === only);
  const result: BatchResult = {
    taken: {},
    refused: {},
    failures: [],
    slow: [],
  };
  for (let index = from; index < to; index++) {
    const { target, bytes, random } = caseOf(drawn, seed, index);
    Atomics.store(progress, 0, index);
    const started = performance.now();
    try {
      await target.run(bytes, random);
      count(result.taken, target.name);
    } catch (error) {
      if (isRefusal(error)) count(result.refused, target.name);
      else {
        const why = error instanceof Error
          ? error.stack ?? String(error)
          : String(error);
        result.failures.push({ index, target: target.name, why });
      }
    }
    const ms = performance.now() - started;
    if (ms > SLOW_MS) result.slow.push({ index, target: target.name, ms });
    collect();
  }
  scope.postMessage(result);
};

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

scope.postMessage("loaded");
