import type { Context } from "hono";
import type { Work } from "../../lib/engine/work.ts";
import type { Env } from "./router.ts";

/** What a caller may be allowed to do; every route under `/v1/` needs one of these. */
export const SCOPES = [
  /** Make embeddings, read them, and look at images. */
  "encode",
  /** Store references. */
  "enrol",
  /** Propose prompts, decode masks, segment images and series. */
  "segment",
  /** Read what is stored of a patient. */
  "read",
  /** Erase it. */
  "erase",
  /** What concerns the whole tenant. */
  "admin",
] as const;
export type Scope = typeof SCOPES[number];

/** Who sent a request. */
export interface Caller {
  /** Whose patients and embeddings the request sees. */
  tenant: string;
  /** Opaque: a key's id, or a digest of a token's subject. */
  caller: string;
  scopes: ReadonlySet<Scope>;
}

/** The tenant of a service that knows no keys. */
export const DEFAULT_TENANT = "default";

/** Whoever calls a service that knows no keys: everything is allowed. */
export const ANYONE: Caller = {
  tenant: DEFAULT_TENANT,
  caller: "anyone",
  scopes: new Set(SCOPES),
};

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
