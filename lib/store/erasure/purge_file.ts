import { setTimeout as delay } from "node:timers/promises";
import { committed } from "../kv/blob_store.ts";
import { SCRUB } from "../records/record_store.ts";

/** A scrub rests this many times as long as the last one took, so that many erasures share one. */
const REST = 4;

/** Rewrites a database file without what was deleted from it. */
export interface Scrubber extends Disposable {
  /** Scrubs the file when something was erased since the last time. */
  scrub(): Promise<void>;
}

/**
 * The scrubber of Deno KV's local SQLite file, which leaves deleted rows in the file until it reuses their
 * place. Its worker rewrites the file while readers go on and writers wait. That there is something to
 * scrub is noted in KV with the erasure, so that a crash delays it only.
 *
 * @param path of the database file, or null where there is none to be reached: then the destroyed data
 * keys are what erases.
 */
export function createScrubber(kv: Deno.Kv, path: string | null): Scrubber {
  let running: Promise<void> | null = null;
  let restUntil = 0;
  const closing = new AbortController();

  const run = async () => {
    const note = await kv.get(SCRUB);
    if (note.value === null) return;
    const rest = Math.max(0, restUntil - performance.now());
    await delay(rest, undefined, { signal: closing.signal });
    const started = performance.now();
    if (path !== null) await rewrite(path, closing.signal);
    const ended = performance.now();
    restUntil = ended + REST * (ended - started);
    // What was erased meanwhile is left to the next time.
    await committed(kv.atomic().check(note).delete(SCRUB));
  };

  return {
    scrub() {
      running ??= run().finally(() => running = null);
      return running;
    },
    /** A scrub that is cut off changes nothing; the next start does it. */
    [Symbol.dispose]() {
      closing.abort();
    },
  };
}

/** @throws Error when the file cannot be rewritten now. */
async function rewrite(path: string, signal: AbortSignal): Promise<void> {
  const url = new URL("./purge_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }) =>
    data === null ? resolve() : reject(new Error(data));
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  signal.addEventListener("abort", () => reject(signal.reason));
  worker.postMessage(path);
  try {
    await promise;
  } finally {
    worker.terminate();
  }
}
