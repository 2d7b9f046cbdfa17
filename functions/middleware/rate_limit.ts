import type { MiddlewareHandler } from "hono";
import { RateLimit } from "../../lib/quota/rate_limit.ts";
import {
  SharedRateLimit,
  type SharedTokens,
} from "../../lib/quota/shared_rate_limit.ts";
import { callerOf, type Env } from "../router.ts";
import { EdgeError } from "../../lib/core/errors.ts";

/**
 * Limits the requests of each caller per minute, and states how many are left in the fields `RateLimit` and
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). Requests of other hosts of the service are not counted.
 *
 * @param shared counts for all processes together.
 */
export function limitRate(
  perMinute: number,
  shared?: SharedTokens,
): MiddlewareHandler<Env> {
  const limit = shared === undefined
    ? new RateLimit(perMinute)
    : new SharedRateLimit(perMinute, shared);
  return async (c, next) => {
    const { tenant, caller, unlimited } = callerOf(c);
    if (!unlimited) {
      const quota = await limit.take(`${tenant} ${caller}`);
      c.header("ratelimit-policy", `"requests";q=${perMinute};w=60`);
      c.header("ratelimit", `"requests";r=${quota.remaining};t=${quota.reset}`);
      if (!quota.allowed) {
        throw new EdgeError(
          "too-many-requests",
          `A key may send ${perMinute} requests a minute.`,
          { retryAfter: quota.retryAfter },
        );
      }
    }
    await next();
  };
}
