import type { MiddlewareHandler } from "hono";
import { answerProblem } from "../contract/problems.ts";
import { EdgeError } from "../../lib/core/errors.ts";

/** How slowly a body may come. */
export interface MinimumRate {
  /** Milliseconds that may be waited for bytes beside those that the rate allows. */
  grace: number;
  /** Bytes a second at least. */
  rate: number;
}

/** Slower than any link on which an image is worth sending. */
const MINIMUM_RATE: MinimumRate = { grace: 30_000, rate: 16_384 };

/**
 * Gives up bodies that come too slowly (408): whoever sends a byte now and then would else hold a
 * connection, its memory, and a place among the series in progress for ever. Only the time spent waiting
 * for bytes counts, not what is done with them.
 */
export function requireMinimumRate(
  { grace, rate }: MinimumRate = MINIMUM_RATE,
): MiddlewareHandler {
  return async (c, next) => {
    const { body } = c.req.raw;
    if (body === null) return await next();
    const late = new EdgeError(
      "too-slow",
      "The request body came too slowly and was given up.",
    );
    let gaveUp = false;
    let waited = 0;
    let received = 0;
    const reader = body.getReader();
    const paced = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const started = performance.now();
        const left = grace + 1000 * received / rate - waited;
        const timer = setTimeout(() => {
          gaveUp = true;
          controller.error(late);
          reader.cancel(late).catch(() => {/* It is gone already. */});
        }, Math.max(0, left));
        const { value, done } = await reader.read()
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
    if (!gaveUp) return;
    // Whatever the reader of the body made of its end.
    c.res = undefined;
    c.res = answerProblem(late, c);
  };
}
