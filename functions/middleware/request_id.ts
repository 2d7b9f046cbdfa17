import type { MiddlewareHandler } from "hono";
import type { Env } from "../router.ts";

const HEADER = "x-request-id";
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Names every request by `x-request-id`: the caller's, if that is a UUID, else a new one. Any other text might
 * say whom the request is about, and the id is written to the log.
 */
export function nameRequests(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const given = c.req.header(HEADER);
    const id = given !== undefined && UUID.test(given)
      ? given
      : crypto.randomUUID();
    c.set("requestId", id);
    c.header(HEADER, id);
    await next();
  };
}
