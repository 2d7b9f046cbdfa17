import type { MiddlewareHandler } from "hono";
import { type Deadline, startDeadline } from "../../lib/engine/deadline.ts";
import type { Env } from "../router.ts";

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
