import { OpenAPIHono } from "@hono/zod-openapi";
import type { Caller } from "../lib/access/caller.ts";
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
