import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** Lets pages of these origins call from a browser, and read the headers that belong to the contract. */
export function allowOrigins(origins: string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes("*") ? "*" : origins,
    allowMethods: ["GET", "POST", "PUT", "DELETE"],
    allowHeaders: [
      "accept",
      "authorization",
      "content-type",
      "if-none-match",
      "x-api-key",
      "x-request-id",
    ],
    exposeHeaders: [
      "etag",
      "location",
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      "www-authenticate",
      "x-frame-count",
      "x-receipt",
      "x-receipt-id",
      "x-request-id",
    ],
    maxAge: 3600,
  });
}
