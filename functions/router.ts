import { OpenAPIHono } from "@hono/zod-openapi";
import type { Caller } from "../lib/access/caller.ts";
import { EdgeError, type Fault } from "../lib/core/errors.ts";

export type Env = {
  Variables: {
    requestId: string;
    caller: Caller | undefined;
    /** Begins the time that the work may take; gives the signal that ends it. */
    begin: (() => AbortSignal) | undefined;
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
      throw invalid(
        PLACES[result.target] ?? result.target,
        result.error.issues,
      );
    },
  });
}

interface Issue {
  path: PropertyKey[];
  message: string;
}

/** The problem of values that break their schema. */
export function invalid(place: string, issues: Issue[]): EdgeError {
  const faults: Fault[] = issues.map(({ path, message }) => ({
    path: [place, ...path.map(String)].join("."),
    message,
  }));
  const detail = faults.map((fault) => `${fault.path}: ${fault.message}`).join(
    "; ",
  );
  return new EdgeError(
    "validation",
    `The request is not valid: ${detail}.`,
    { faults },
  );
}
