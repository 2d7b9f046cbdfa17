import { setTimeout as delay } from "node:timers/promises";

/** How long running requests may go on; hosts such as Deno Deploy kill 5 seconds after their signal. */
const GRACE_MS = 4000;

/** How long the answers to refused requests may take to leave. */
const FAREWELL_MS = 300;

/**
 * Waits until the process is told to stop and its requests have ended, or have had their time.
 *
 * @param closing aborted at the signal.
 * @param work is disposed of, which refuses what still runs.
 */
export async function serveUntilStopped(
  server: Deno.HttpServer,
  closing: AbortController,
  work: AsyncDisposable,
): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      closing.abort();
      server.shutdown();
      setTimeout(resolve, GRACE_MS);
    });
  }
  await Promise.race([server.finished, late]);
  await work[Symbol.asyncDispose]();
  await Promise.race([server.finished, delay(FAREWELL_MS)]);
  Deno.exit();
}
