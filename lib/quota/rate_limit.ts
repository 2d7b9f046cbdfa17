import { LRUCache } from "lru-cache";

/** Callers whose buckets are kept; the one not seen for longest is dropped, and starts with a full bucket again. */
export const MAX_CALLERS = 10_000;

/** What is left of a caller's requests. */
export interface Allowance {
  allowed: boolean;
  /** Requests that may follow at once. */
  remaining: number;
  /** Seconds until the bucket is full again. */
  reset: number;
  /** Seconds until the next request is allowed; 0 when it is. */
  retryAfter: number;
}

/**
 * A token bucket for every caller: `perMinute` requests at once, and as many per minute on average.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * let now = 0;
 * const limit = new RateLimit(2, () => now);
 * limit.take("key-1");
 * equal(limit.take("key-1").remaining, 0);
 * equal(limit.take("key-1").retryAfter, 30);
 * now += 30_000;
 * equal(limit.take("key-1").allowed, true);
 * ```
 */
export class RateLimit {
  /** Tokens, and when they were counted, milliseconds. */
  readonly #buckets = new LRUCache<string, { tokens: number; at: number }>({
    max: MAX_CALLERS,
  });

  /** @param now monotonic milliseconds. */
  constructor(
    readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Sets what a caller has, and since when, milliseconds. */
  start(caller: string, tokens: number, at: number): void {
    this.#buckets.set(caller, { tokens, at });
  }

  /** Counts a request. */
  take(caller: string): Allowance {
    const now = this.now();
    const perSecond = this.perMinute / 60;
    const before = this.#buckets.get(caller) ??
      { tokens: this.perMinute, at: now };
    const earned = (now - before.at) / 1000 * perSecond;
    const had = Math.min(this.perMinute, before.tokens + earned);
    const allowed = had >= 1;
    const tokens = allowed ? had - 1 : had;
    this.#buckets.set(caller, { tokens, at: now });
    return {
      allowed,
      remaining: Math.floor(tokens),
      reset: Math.ceil((this.perMinute - tokens) / perSecond),
      retryAfter: allowed ? 0 : Math.ceil((1 - tokens) / perSecond),
    };
  }
}
