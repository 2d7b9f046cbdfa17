/** The time of the remote client; tests replace it. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds, or as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The process's clock; an aborted sleep leaves no timer behind. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake);
    }),
};

export interface BackoffOptions {
  /** Longest wait before the second round of attempts, milliseconds; it doubles with every round. */
  base: number;
  /** Longest wait before any round, milliseconds. */
  most: number;
}

/**
 * Milliseconds to wait before a round of attempts: exponential backoff with full jitter, uniform from 0 to
 * min(most, base · 2^round), so that clients that failed together do not return together.
 *
 * @param round 0 before the second round.
 * @param random uniform in [0, 1).
 */
export function backoff(
  round: number,
  { base, most }: BackoffOptions,
  random: () => number,
): number {
  return random() * Math.min(most, base * 2 ** round);
}

/**
 * The wait that a Retry-After header asks for (RFC 9110, section 10.2.3: seconds, or a date), in milliseconds; 0
 * without a header, or with one that cannot be parsed.
 *
 * @param wall milliseconds since 1970.
 */
export function retryAfter(header: string | null, wall: number): number {
  if (header === null) return 0;
  if (/^\s*\d+\s*$/.test(header)) return 1000 * Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - wall);
}
