import type { Context, MiddlewareHandler } from "hono";
import { type Deadline, startDeadline } from "../../lib/engine/deadline.ts";
import type { Work } from "../../lib/engine/work.ts";
import type { Env } from "../router.ts";
import { callerOf } from "./caller.ts";

/**
 * The work that engines do for this request: on behalf of its tenant, until the caller goes away or the deadline
 * passes. The first call starts the deadline. Handlers make it when the body has arrived, so that a slow sender
 * does not use up the time.
 */
export function workOf(c: Context<Env>): Work {
  const { tenant } = callerOf(c);
  return { tenant, signal: c.get("startWork")?.() ?? c.req.raw.signal };
}

/** Gives the work of every request a deadline, in milliseconds. */
export function limitWork(ms: number): MiddlewareHandler<Env> {
  return async (c, next) => {
    let deadline: Deadline | undefined;
    c.set("startWork", () => {
      deadline ??= startDeadline(ms, c.req.raw.signal);
      return deadline.signal;
    });
    try {
      await next();
    } finally {
      deadline?.[Symbol.dispose]();
    }
  };
}
