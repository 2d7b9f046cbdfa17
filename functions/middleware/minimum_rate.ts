import type { MiddlewareHandler } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import { answerProblem } from "./answer_problem.ts";

/** How slowly a body may arrive. */
export interface MinimumRate {
  /** Milliseconds of waiting for bytes that are allowed in addition to what the rate allows. */
  grace: number;
  /** Bytes per second. */
  rate: number;
}

/** Slower than any link on which an image is worth sending. */
const MINIMUM_RATE: MinimumRate = { grace: 30_000, rate: 16_384 };

/**
 * Refuses bodies that arrive too slowly (408). Otherwise a client that sends a byte now and then would hold a
 * connection, its memory, and a place among the series in progress for ever. Only the time spent waiting for bytes
 * counts, not the work on them.
 */
export function requireMinimumRate(
  { grace, rate }: MinimumRate = MINIMUM_RATE,
): MiddlewareHandler {
  return async (c, next) => {
    const { body } = c.req.raw;
    if (body === null) return await next();
    const late = new EdgeError(
      "too-slow",
      "The request body arrived too slowly and was abandoned.",
    );
    // Whoever reads the body, this is the caller's doing.
    const gone = new EdgeError(
      "malformed-request",
      "Cannot read the body: the connection ended too early.",
    );
    let isBegun = false;
    let gaveUp = false;
    let waited = 0;
    let received = 0;
    const reader = body.getReader();
    const paced = new ReadableStream<Uint8Array>({
      async pull(controller) {
        isBegun = true;
        const started = performance.now();
        const left = grace + 1000 * received / rate - waited;
        const timer = setTimeout(() => {
          gaveUp = true;
          controller.error(late);
          reader.cancel(late).catch(() => {/* It is gone already. */});
        }, Math.max(0, left));
        const { value, done } = await reader.read()
          .catch(() => {
            throw gone;
          })
          .finally(() => clearTimeout(timer));
        if (gaveUp) return;
        if (done) return controller.close();
        waited += performance.now() - started;
        received += value.length;
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
    c.req.raw = new Request(c.req.raw, {
      body: paced,
      duplex: "half",
    } as RequestInit);
    await next();
    // What nobody will read is thrown away as it comes; many a client reads the answer only when all of it is sent.
    if (!isBegun || c.res.status >= 400) reader.cancel().catch(() => {});
    if (!gaveUp) return;
    // The reader of the body may have answered with an error of its own; this one states the cause.
    c.res = undefined;
    c.res = answerProblem(late, c);
  };
}
