import type { Context, MiddlewareHandler } from "hono";
import type { Caller } from "../../lib/access/caller.ts";
import { tooLate, type Work } from "../../lib/engine/work.ts";
import type { Env } from "../router.ts";

/** Who sent this request, as the application found out before any handler ran. */
export function callerOf(c: Context<Env>): Caller {
  const caller = c.get("caller");
  if (caller === undefined) throw new Error("No middleware set the caller.");
  return caller;
}

/**
 * For whom the engines work in this request: its tenant, until its caller goes away or its time is up.
 * That begins with the first call, which is made when the body is there, however slow its sender is.
 */
export function workOf(c: Context<Env>): Work {
  const { tenant } = callerOf(c);
  return { tenant, signal: c.get("begin")?.() ?? c.req.raw.signal };
}

/** Gives the work of every request so many milliseconds. */
export function limitTime(ms: number): MiddlewareHandler<Env> {
  return async (c, next) => {
    const late = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let signal: AbortSignal;
    c.set("begin", () => {
      if (timer === undefined) {
        timer = setTimeout(() => late.abort(tooLate(ms)), ms);
        signal = AbortSignal.any([c.req.raw.signal, late.signal]);
      }
      return signal;
    });
    try {
      await next();
    } finally {
      clearTimeout(timer);
    }
  };
}
