import { caseOf } from "./cases.ts";
import type { BatchResult, Failure } from "./parser_worker.ts";
import { allTargets } from "./targets.ts";

/** The longest that an input may take, milliseconds. */
export const MOST_MS = 2000;
/** A thread that is silent for this long is ended, milliseconds; waiting for a free core takes less. */
const DEAD_MS = 20_000;
/** Cases between two measurements of memory. */
const BATCH = 250;
/** How often a slow case is repeated alone, since a busy machine makes any case slow once. */
const TRIES = 3;

export interface FuzzOptions {
  inputs: number;
  seed: number;
  /** The only target that is drawn; all where it is left out. */
  target?: string | undefined;
  /** Number of the first case. */
  from?: number;
  /** Ends early at this time of `performance.now()`. */
  until?: number;
  log?: (line: string) => void;
}

export interface FuzzReport {
  inputs: number;
  taken: Record<string, number>;
  refused: Record<string, number>;
  failures: Failure[];
  /** The slowest case, by the fastest of its repetitions, milliseconds. */
  worst: number;
  /** Resident bytes of this process after every batch. */
  memory: number[];
}

/** Feeds mutated inputs to every parser, in a thread that this one watches. */
export async function fuzzParsers(
  { inputs, seed, target: only, from = 0, until = Infinity, log = () => {} }:
    FuzzOptions,
): Promise<FuzzReport> {
  const report: FuzzReport = {
    inputs: 0,
    taken: {},
    refused: {},
    failures: [],
    worst: 0,
    memory: [],
  };
  let thread = await Thread.start();
  try {
    for (let at = from; at < from + inputs && performance.now() < until;) {
      const to = Math.min(at + BATCH, from + inputs);
      const result = await thread.run(seed, at, to, only);
      if (typeof result === "number") {
        // The batch continues after the case that killed the thread.
        const why = `no answer after ${DEAD_MS / 1000} s, or the thread died`;
        report.failures.push({ index: result, target: "?", why });
        report.inputs += result + 1 - at;
        at = result + 1;
        thread = await Thread.start();
        continue;
      }
      add(report.taken, result.taken);
      add(report.refused, result.refused);
      report.failures.push(...result.failures);
      for (const { index, target, ms } of result.slow) {
        let best = ms;
        for (let i = 0; i < TRIES && best > MOST_MS / 2; i++) {
          const again = await thread.run(seed, index, index + 1, only);
          best = Math.min(
            best,
            typeof again === "number" ? Infinity : again.slow[0]?.ms ?? 0,
          );
        }
        report.worst = Math.max(report.worst, best);
        if (best > MOST_MS) {
          report.failures.push({
            index,
            target,
            why: `${Math.round(best)} ms`,
          });
        }
      }
      report.inputs += to - at;
      at = to;
      report.memory.push(Deno.memoryUsage().rss);
      if (report.memory.length % 20 === 0) {
        const megabytes = Math.round(report.memory.at(-1)! / 2 ** 20);
        log(
          `${report.inputs} inputs, ${report.failures.length} failures, ${megabytes} MiB`,
        );
      }
    }
  } finally {
    thread.end();
  }
  return report;
}

function add(sum: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) {
    sum[name] = (sum[name] ?? 0) + count;
  }
}

/** The input of a case and the name of its target. */
export async function inputOf(seed: number, index: number, only?: string) {
  const all = await allTargets();
  const drawn = all.filter(({ name }) => only === undefined || name === only);
  const { target, bytes } = caseOf(drawn, seed, index);
  return { target: target.name, bytes };
}

class Thread {
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker = new Worker(import.meta.resolve("./parser_worker.ts"), {
    type: "module",
  });

  static async start(): Promise<Thread> {
    const thread = new Thread();
    await thread.#message();
    thread.#worker.postMessage(thread.#progress.buffer);
    await thread.#message();
    return thread;
  }

  #message(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
  }

  /** The outcome of the cases, or the number of the one at which the thread hung or died. */
  async run(
    seed: number,
    from: number,
    to: number,
    target?: string,
  ): Promise<BatchResult | number> {
    const answer = this.#message();
    this.#worker.postMessage({ seed, target, from, to });
    let last = -1;
    let since = performance.now();
    const { promise: silent, reject } = Promise.withResolvers<never>();
    const watch = setInterval(() => {
      const at = Atomics.load(this.#progress, 0);
      if (at !== last) [last, since] = [at, performance.now()];
      else if (performance.now() - since > DEAD_MS) reject(new Error("silent"));
    }, 100);
    try {
      return await Promise.race([answer, silent]) as BatchResult;
    } catch {
      this.end();
      return Atomics.load(this.#progress, 0);
    } finally {
      clearInterval(watch);
    }
  }

  end(): void {
    this.#worker.terminate();
  }
}
