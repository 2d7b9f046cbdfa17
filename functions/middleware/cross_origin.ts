import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { EdgeError } from "../../lib/core/errors.ts";

/** The headers that pages may read. */
const EXPOSED = [
  "allow",
  "content-disposition",
  "etag",
  "idempotent-replayed",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "tus-extension",
  "tus-max-size",
  "tus-resumable",
  "tus-version",
  "upload-expires",
  "upload-length",
  "upload-metadata",
  "upload-offset",
  "www-authenticate",
  "x-confidence",
  "x-frame-count",
  "x-next-after",
  "x-receipt",
  "x-receipt-id",
  "x-refused",
  "x-request-id",
  "x-series",
  "x-stored-instance",
  "x-structure-present",
  "x-warnings",
];

/** Lets pages of these origins call from a browser, and read the headers that belong to the contract. */
export function allowOrigins(origins: string[]): MiddlewareHandler {
  const origin = origins.includes("*") ? "*" : origins;
  const answer = cors({
    origin,
    allowMethods: ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [
      "accept",
      "authorization",
      "content-encoding",
      "content-type",
      "idempotency-key",
      "if-none-match",
      "tus-resumable",
      "upload-length",
      "upload-metadata",
      "upload-offset",
      "x-api-key",
      "x-http-method-override",
      "x-request-id",
    ],
    exposeHeaders: EXPOSED,
    maxAge: 3600,
  });
  return async (c, next) => {
    const isPreflight =
      c.req.header("access-control-request-method") !== undefined;
    if (c.req.method !== "OPTIONS" || isPreflight) {
      return await answer(c, next);
    }
    // What OPTIONS asks for itself is answered by its route; `cors` takes every one for a preflight.
    await next();
    const from = c.req.header("origin") ?? "";
    if (origin !== "*") c.header("vary", "origin", { append: true });
    if (origin !== "*" && !origins.includes(from)) return;
    c.header("access-control-allow-origin", origin === "*" ? "*" : from);
    c.header("access-control-expose-headers", EXPOSED.join(","));
  };
}

/**
 * Refuses what a page of another origin sends from a browser, unless its origin may call. CORS keeps such a page from
 * reading an answer, but not from sending a request, and a server without keys would carry it out. Browsers state where
 * a request comes from in `Sec-Fetch-Site` (W3C Fetch Metadata), or only in `Origin` (RFC 6454) where the server has no
 * TLS; other clients state nothing.
 *
 * @param origins that may call, or `*`.
 */
export function refuseOtherSites(origins: string[]): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header("origin");
    const isNamed = origins.includes("*") ||
      origin !== undefined && origins.includes(origin);
    if (!isNamed && comesFromElsewhere(c, origin)) {
      throw new EdgeError(
        "forbidden",
        "A page of another origin sent this request. CORS_ORIGINS names the origins whose pages may call; behind a " +
          "proxy that changes the host's name, it must name the page's own origin.",
      );
    }
    await next();
  };
}

function comesFromElsewhere(c: Context, origin: string | undefined): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site === "same-origin") return false;
  // `none`: a person typed the address, or opened a bookmark.
  if (site !== undefined && site !== "none") return true;
  if (origin === undefined) return false;
  const own = c.req.header("host") ?? new URL(c.req.url).host;
  const page = URL.parse(origin);
  // A proxy may end TLS in front of the server, so the schemes may differ; a default port may be written out.
  return page === null ||
    URL.parse(`${page.protocol}//${own}`)?.host !== page.host;
}
