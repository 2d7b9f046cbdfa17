import { createContext, Script } from "node:vm";

/** What {@linkcode withinTime} throws at the end of the time. */
export class TimeLimitError extends Error {}

/** Between the limit and the watchdog's stroke, ms. */
const GRACE_MS = 100;

const script = new Script("run()");
const sandbox = createContext({ run: undefined as unknown }) as {
  run: unknown;
};

/**
 * Runs a function that may hang, such as a decoder on hostile bytes, and ends it after some milliseconds, wherever it
 * is, in WebAssembly too. The thread lives on; what the function was changing is to be thrown away.
 *
 * A worker would not do: Deno's `terminate()` does not end a thread that is busy. V8's own watchdog, which `node:vm`
 * offers, does.
 *
 * @param run synchronous; it must not call this function.
 * @throws {TimeLimitError}
 */
export function withinTime<T>(ms: number, run: () => T): T {
  const until = performance.now() + ms;
  sandbox.run = () => {
    try {
      return run();
    } finally {
      // Work that ends late waits for the watchdog: a stroke that fell just after the script would end the thread.
      while (performance.now() > until);
    }
  };
  try {
    return script.runInContext(sandbox, { timeout: ms + GRACE_MS }) as T;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new TimeLimitError(`It took over ${ms} ms.`);
  } finally {
    sandbox.run = undefined;
  }
}
