import type { MiddlewareHandler } from "hono";
import type { Env, Router } from "../router.ts";

const HEADER = "x-http-method-override";
const METHODS = ["GET", "HEAD", "OPTIONS", "PATCH", "DELETE"];

/**
 * Takes a POST as the method that a header states, as tus 1.0 requires: some networks let no PATCH through. The request
 * then goes the whole way of that method, with all that is required of it.
 */
export function overrideMethod(app: Router): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { raw } = c.req;
    const method = c.req.header(HEADER)?.toUpperCase();
    if (raw.method !== "POST" || !METHODS.includes(method ?? "")) {
      return await next();
    }
    const headers = new Headers(raw.headers);
    headers.delete(HEADER);
    const hasBody = method === "PATCH" && raw.body !== null;
    const request = new Request(raw.url, {
      method: method!,
      headers,
      signal: raw.signal,
      ...(hasBody && { body: raw.body, duplex: "half" }),
    } as RequestInit);
    return await app.fetch(request, c.env);
  };
}
