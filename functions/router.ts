import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { getPath } from "hono/utils/url";
import type { Caller } from "../lib/access/caller.ts";
import type { Work } from "../lib/engine/work.ts";
import type { InstanceReference } from "../lib/archive/archive.ts";
import type { Bytes } from "../lib/core/bytes.ts";
import type { SentUploads } from "./body/sent_uploads.ts";
import { invalid } from "./contract/problems.ts";

/** What middleware leaves for handlers. */
export type Env = {
  Variables: {
    requestId: string;
    caller: Caller | undefined;
    /** Files that were uploaded before. */
    uploads: SentUploads | undefined;
    /** Starts the deadline of the request's work, once; gives the signal that ends the work. */
    startWork: (() => AbortSignal) | undefined;
    /** Gives an object of the image archive, for as long as the request is worked on. */
    readArchived: ReadArchived | undefined;
  };
};

/** An object of the image archive: its file, and which one it is. */
export interface ArchivedFile {
  bytes: Bytes;
  archived: InstanceReference;
}

/**
 * Reads the object that is referred to; the only one of its series where none is named.
 *
 * @param place of the reference in the request, for faults.
 */
export type ReadArchived = (
  reference: Omit<InstanceReference, "instance"> & {
    instance?: string | undefined;
  },
  place: string,
) => Promise<ArchivedFile>;

export type Router = OpenAPIHono<Env>;

/** What each part of a request is called in a fault's path. */
const PLACES: Record<string, string> = { param: "path", json: "body" };

/**
 * A router whose failed validations become problems with the path of every fault. An address with a slash at its end is
 * the one without.
 */
export function createRouter(): Router {
  return new OpenAPIHono<Env>({
    getPath: (request) => getPath(request).replace(/(?<=.)\/$/, ""),
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
