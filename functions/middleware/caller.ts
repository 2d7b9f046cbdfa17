import type { Context } from "hono";
import type { Caller } from "../../lib/access/caller.ts";
import type { Env } from "../router.ts";

/** Who sent this request, as {@linkcode identifyCaller} found out before any handler ran. */
export function callerOf(c: Context<Env>): Caller {
  const caller = c.get("caller");
  if (caller === undefined) throw new Error("No middleware set the caller.");
  return caller;
}
