import { EdgeError } from "../../core/errors.ts";

/** How long a write waits for the writers of other processes, milliseconds. */
const PATIENCE_MS = 15_000;
/** The longest pause between two tries, milliseconds. */
const MOST_PAUSE_MS = 50;

/**
 * Tries a write to Deno KV again while another process holds the database file. Deno KV itself waits only
 * when a commit begins with a write: one that begins with a check is refused at once and applied not at all.
 *
 * @throws {EdgeError} `busy` when others have held it all the time.
 */
export async function whenUnlocked<T>(write: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (let pause = 1;; pause = Math.min(2 * pause, MOST_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (performance.now() > until) throw new EdgeError("busy", BUSY);
    }
    const jittered = pause * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, jittered));
  }
}

const BUSY = "Other processes keep the store busy; try again.";

function isLocked(error: unknown): boolean {
  return error instanceof TypeError && error.message === "database is locked";
}
