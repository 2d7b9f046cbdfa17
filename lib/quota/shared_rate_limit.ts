import { LRUCache } from "lru-cache";
import { type Allowance, MAX_CALLERS, RateLimit } from "./rate_limit.ts";

/** Share of a minute's requests that a process leases at once. */
const LEASE_SHARE = 0.01;
/** How long a process counts for itself after the store has failed, milliseconds. */
const PAUSE_MS = 5000;

/** Buckets of tokens that several processes share, each filled with `perMinute` a minute and holding as many. */
export interface SharedTokens {
  /**
   * Takes tokens of a caller.
   *
   * @param wanted tokens; fewer are granted where fewer are left.
   * @returns how many, and how many are left then, with their fraction.
   */
  lease(
    caller: string,
    perMinute: number,
    wanted: number,
  ): Promise<{ granted: number; left: number }>;
}

/** What this process holds of a caller's bucket. */
interface Held {
  tokens: number;
  /** Left in the shared bucket when it was last seen; a full one at first. */
  left: number;
  /** When that was. */
  seen: number;
  /** Whether this process counts the caller for itself, since it was seen. */
  isAlone: boolean;
  /** No lease is tried before, since none was left; milliseconds. */
  until: number;
  leasing: Promise<void> | null;
}

/**
 * The same limit as `RateLimit`, shared by all processes. Each leases a hundredth of a minute's requests at a time, so
 * that the store is asked once in as many requests, and counts them down by itself. So a caller may be refused while
 * other processes hold a lease each: with n processes the limit is exact within n percent, or n requests where that is
 * more. While the store fails, every process counts a caller for itself, from what was left when it last saw.
 */
export class SharedRateLimit {
  readonly #held = new LRUCache<string, Held>({ max: MAX_CALLERS });
  readonly #alone: RateLimit;
  readonly #lease: number;
  #aloneUntil = -Infinity;

  /** @param now monotonic milliseconds. */
  constructor(
    readonly perMinute: number,
    private readonly tokens: SharedTokens,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#alone = new RateLimit(perMinute, now);
    this.#lease = Math.max(1, Math.floor(perMinute * LEASE_SHARE));
  }

  /** Counts a request. */
  async take(caller: string): Promise<Allowance> {
    const held = this.#heldBy(caller);
    try {
      while (held.tokens < 1 && this.now() >= held.until) {
        if (this.now() < this.#aloneUntil) return this.#takeAlone(caller, held);
        await (held.leasing ??= this.#fill(caller, held)
          .finally(() => held.leasing = null));
      }
    } catch {
      this.#aloneUntil = this.now() + PAUSE_MS;
      return this.#takeAlone(caller, held);
    }
    const allowed = held.tokens >= 1;
    if (allowed) held.tokens--;
    const remaining = Math.floor(held.tokens + held.left);
    const perSecond = this.perMinute / 60;
    return {
      allowed,
      remaining,
      reset: Math.ceil((this.perMinute - remaining) / perSecond),
      retryAfter: allowed
        ? 0
        : Math.max(1, Math.ceil((held.until - this.now()) / 1000)),
    };
  }

  /** Counts a request without the store. */
  #takeAlone(caller: string, held: Held): Allowance {
    if (!held.isAlone) this.#alone.start(caller, held.left, held.seen);
    held.isAlone = true;
    return this.#alone.take(caller);
  }

  async #fill(caller: string, held: Held): Promise<void> {
    const { granted, left } = await this.tokens
      .lease(caller, this.perMinute, this.#lease);
    held.tokens += granted;
    held.left = left;
    held.seen = this.now();
    held.isAlone = false;
    if (granted > 0) return;
    const wait = (1 - left) * 60_000 / this.perMinute;
    held.until = this.now() + wait;
  }

  #heldBy(caller: string): Held {
    let held = this.#held.get(caller);
    if (held === undefined) {
      held = {
        tokens: 0,
        left: this.perMinute,
        seen: this.now(),
        until: -Infinity,
        isAlone: false,
        leasing: null,
      };
      this.#held.set(caller, held);
    }
    return held;
  }
}
