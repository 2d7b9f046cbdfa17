import { setTimeout as delay } from "node:timers/promises";

/** How long running requests may continue; hosts such as Deno Deploy kill 5 seconds after their signal. */
const GRACE_MS = 4000;

/** How long what the process holds may take to be closed, milliseconds. */
const DISPOSAL_MS = 500;

/** Time for the answers to refused requests to be sent, milliseconds. */
const FAREWELL_MS = 300;

/**
 * Waits until the process is told to stop, and then until its requests have ended or the time for them has passed.
 *
 * @param closing aborted at the signal.
 * @param work its disposal refuses the requests that still run.
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
  // A database that does not answer keeps its connections open.
  await Promise.race([work[Symbol.asyncDispose](), delay(DISPOSAL_MS)]);
  await Promise.race([server.finished, delay(FAREWELL_MS)]);
  Deno.exit();
}
