import { setTimeout as delay } from "node:timers/promises";
import { tryCommit } from "../kv/retry.ts";
import type { Kv } from "../kv/kv.ts";

/** Set when the database file may hold erased data; written in the commit that erases, so that a crash delays only. */
export const PURGE_DUE: Deno.KvKey = ["scrub"];

/** The pause after a purge, in times that it took, so that many erasures share one. */
const REST = 4;

/** Overwrites what was deleted from a database file. */
export type Purger = ReturnType<typeof createPurger>;

/**
 * The purger of Deno KV's local SQLite file, where deleted rows stay until their space is used again. A worker
 * rewrites the file, while readers continue and writers wait.
 *
 * @param path of the database file; null where there is none within reach, so that erasure relies on the destroyed
 * data keys.
 */
export function createPurger(kv: Kv, path: string | null) {
  let running: Promise<void> | null = null;
  let restUntil = 0;
  const closing = new AbortController();

  const run = async () => {
    const due = await kv.get(PURGE_DUE);
    if (due.value === null) return;
    const rest = Math.max(0, restUntil - performance.now());
    await delay(rest, undefined, { signal: closing.signal });
    const started = performance.now();
    if (path !== null) await purgeInWorker(path, closing.signal);
    const ended = performance.now();
    restUntil = ended + REST * (ended - started);
    // What was erased meanwhile waits for the next purge.
    await tryCommit(kv.atomic().check(due).delete(PURGE_DUE));
  };

  return {
    /** Purges the file when something was erased since the last time. */
    purge(): Promise<void> {
      running ??= run().finally(() => running = null);
      return running;
    },
    /** A purge that is cut off changes nothing; the next start repeats it. */
    [Symbol.dispose]() {
      closing.abort();
    },
  };
}

/** @throws Error when the file cannot be rewritten now. */
async function purgeInWorker(path: string, signal: AbortSignal): Promise<void> {
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
