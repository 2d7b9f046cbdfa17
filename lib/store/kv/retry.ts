import { AsyncLocalStorage } from "node:async_hooks";
import { EdgeError } from "../../core/errors.ts";
import type { KvAtomic } from "./kv.ts";

/** How long a write waits for other processes, milliseconds. */
const PATIENCE_MS = 15_000;
/** The longest pause between two attempts, milliseconds. */
const MAX_PAUSE_MS = 50;

const waiting = new AsyncLocalStorage<AbortSignal>();

/** Runs `work`, whose writes begin only until the signal is aborted: then nobody waits for them any more. */
export function writingUntil<T>(signal: AbortSignal, work: () => T): T {
  return waiting.run(signal, work);
}

/**
 * Repeats a write to Deno KV while another process holds the database file. Deno KV itself waits only when a commit
 * begins with a write: one that begins with a check is refused at once, with nothing applied.
 *
 * @throws EdgeError `busy` when the file stayed locked for 15 seconds, and the reason of an aborted signal.
 */
export async function retryLocked<T>(write: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (let attempt = 0;; attempt++) {
    waiting.getStore()?.throwIfAborted();
    try {
      return await write();
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (performance.now() > until) {
        throw new EdgeError(
          "busy",
          "Cannot write to the store: other processes keep it locked; try again.",
        );
      }
    }
    await pauseAfter(attempt);
  }
}

/** Waits about a millisecond, twice as long after each attempt, and never the same time as another process. */
async function pauseAfter(attempt: number): Promise<void> {
  const pause = Math.min(2 ** attempt, MAX_PAUSE_MS) * (0.5 + Math.random());
  await new Promise((resolve) => setTimeout(resolve, pause));
}

/** Commits; false when one of the operation's checks failed, so that nothing was written. */
export async function tryCommit(
  operation: KvAtomic,
): Promise<boolean> {
  return (await retryLocked(() => operation.commit())).ok;
}

function isLocked(error: unknown): boolean {
  return error instanceof TypeError && error.message === "database is locked";
}

/**
 * Repeats an optimistic write of a patient's data until no other write gets ahead of it. It pauses after each loss: of
 * processes that try again at once, now and then one would lose every time.
 *
 * @param attempt reads, and writes what depends on that; undefined when another write came between.
 * @throws EdgeError `conflict` after that many attempts.
 */
export async function retryConflicts<T>(
  attempts: number,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  for (let i = 0; i < attempts; i++) {
    const result = await attempt();
    if (result !== undefined) return result;
    await pauseAfter(i);
  }
  throw new EdgeError(
    "conflict",
    `Cannot change the patient's data: ${attempts} times in a row another change was written first; try again.`,
  );
}
