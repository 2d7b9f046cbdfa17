import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Caller } from "../lib/access/caller.ts";
import type { Work } from "../lib/engine/work.ts";
import { invalid } from "./contract/problems.ts";

/** What middleware leaves for handlers. */
export type Env = {
  Variables: {
    requestId: string;
    caller: Caller | undefined;
    /** Starts the deadline of the request's work, once; gives the signal that ends the work. */
    startWork: (() => AbortSignal) | undefined;
  };
};
export type Router = OpenAPIHono<Env>;

/** What each part of a request is called in a fault's path. */
const PLACES: Record<string, string> = { param: "path", json: "body" };

/** A router whose failed validations become problems with the path of every fault. */
export function createRouter(): Router {
  return new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return;
      const { target, error } = result;
      throw invalid(PLACES[target] ?? target, error.issues);
    },
  });
}

/** Who sent this request, as `identifyCaller` found out before any handler ran. */
export function callerOf(c: Context<Env>): Caller {
  const caller = c.get("caller");
  if (caller === undefined) throw new Error("No middleware set the caller.");
  return caller;
}

/**
 * The work that engines do for this request: on behalf of its tenant, until the caller goes away or the deadline
 * passes. The first call starts the deadline. Handlers make it when the body has arrived, so that a slow sender
 * does not use up the time.
 */
export function workOf(c: Context<Env>): Work {
  const { tenant, caller } = callerOf(c);
  return { tenant, caller, signal: c.get("startWork")?.() ?? c.req.raw.signal };
}
