import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { RequestError } from "./problem.ts";

/**
 * Lets pass what brings the token (RFC 6750, section 2.1), compared in constant time; without a token
 * to compare with, everything.
 */
export function requireBearer(token: string | undefined): MiddlewareHandler {
  return async (c, next) => {
    if (token !== undefined) {
      const [, came = ""] =
        /^Bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "") ?? [];
      if (!await timingSafeEqual(came, token)) {
        c.header("www-authenticate", "Bearer");
        throw new RequestError(
          "unauthorized",
          "This function needs the header `authorization: Bearer` with its token.",
        );
      }
    }
    await next();
  };
}
