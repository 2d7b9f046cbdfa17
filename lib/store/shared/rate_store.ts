import type { Kv } from "../kv/kv.ts";
import { retryConflicts, tryCommit } from "../kv/retry.ts";

/**
 * Other processes that may get ahead of a lease before it is given up. A busy store is not one that fails: of a dozen
 * processes, one in six would lose 20 times in a row, and then count for itself.
 */
const ATTEMPTS = 500;
/** A bucket that was not touched for a minute is full, which is as good as none. */
const FORGET_MS = 120_000;

/**
 * Token buckets in the database, under `["rate", tag]`: how many tokens there are, and since when. Clocks that differ
 * between processes by some seconds give a caller as many seconds' tokens once.
 *
 * @param tag stands for a caller's name, which is not stored.
 * @param now milliseconds since 1970.
 */
export function createRateStore(
  kv: Kv,
  tag: (caller: string) => Promise<string>,
  now: () => number = Date.now,
) {
  return {
    /** Takes up to `wanted` whole tokens of a bucket that fills with `perMinute` a minute, and holds no more. */
    async lease(caller: string, perMinute: number, wanted: number) {
      const key = ["rate", await tag(caller)];
      return await retryConflicts(ATTEMPTS, async () => {
        const entry = await kv.get<[tokens: number, at: number]>(key);
        const [had, since] = entry.value ?? [perMinute, now()];
        // Another process's clock may be ahead.
        const at = Math.max(since, now());
        const earned = (at - since) / 60_000 * perMinute;
        const tokens = Math.min(perMinute, had + earned);
        const granted = Math.min(wanted, Math.floor(tokens));
        const left = tokens - granted;
        if (granted === 0) return { granted, left };
        const commit = kv.atomic().check(entry)
          .set(key, [left, at], { expireIn: FORGET_MS });
        if (await tryCommit(commit)) return { granted, left };
      });
    },
  };
}
