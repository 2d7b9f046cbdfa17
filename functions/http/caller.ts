import type { Context } from "hono";
import type { Caller } from "../../lib/access/caller.ts";
import type { Work } from "../../lib/engine/work.ts";
import type { Env } from "./router.ts";

/** Who sent this request, as the application found out before any handler ran. */
export function callerOf(c: Context<Env>): Caller {
  const caller = c.get("caller");
  if (caller === undefined) throw new Error("No middleware set the caller.");
  return caller;
}

/** For whom the engines work in this request: its tenant, until it is given up. */
export function workOf(c: Context<Env>): Work {
  return { tenant: callerOf(c).tenant, signal: c.req.raw.signal };
}
