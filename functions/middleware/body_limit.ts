import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { TenantQuota } from "../../lib/quota/tenant_quota.ts";
import { MAX_JSON_BYTES } from "../body/json.ts";
import { mediaTypeOf } from "../body/media_type.ts";
import { callerOf, type Env } from "../router.ts";
import { EdgeError } from "../../lib/core/errors.ts";

/** Where JSON may hold files: its reader bounds the rest of it. */
const FILE_PATHS =
  /^\/v1\/(embeddings|previews|masks\/(read|export)|receipts\/replay|patients\/[^/]+\/(segmentations|references\/[^/]+))$/;

/**
 * Bounds the body of a request, and the memory of all bodies together while requests are worked on. A request is
 * refused by the length that it states, before its body is read; one that states none counts as the longest.
 */
export function limitBodies(
  maxBytes: number,
  quota: TenantQuota,
): MiddlewareHandler<Env> {
  const limit = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: () => {
        const detail = `The request body is larger than ${maxSize} bytes.`;
        throw new EdgeError("too-many-bytes", detail);
      },
    });
  const maxJson = Math.min(MAX_JSON_BYTES, maxBytes);
  const [anyBody, jsonBody] = [limit(maxBytes), limit(maxJson)];
  return async (c, next) => {
    const isJson = mediaTypeOf(c) === "application/json" &&
      !FILE_PATHS.test(c.req.path);
    const check = isJson ? jsonBody : anyBody;
    if (c.req.raw.body === null) return await next();
    const stated = Number(c.req.header("content-length") ?? NaN);
    const most = isJson ? maxJson : maxBytes;
    // One that is too large is refused by the check below.
    const size = stated <= most ? stated : most;
    const release = quota.take(callerOf(c).tenant, size);
    try {
      await check(c, next);
    } finally {
      release();
    }
  };
}
