import { EdgeError } from "../core/errors.ts";
import { writingUntil } from "./kv/retry.ts";

/**
 * A store whose calls fail after `ms` milliseconds with EdgeError `busy`, because the client of KV Connect retries for
 * ever while its server is away. After that nothing more is written: what its caller did next, such as an erasure, must
 * stand. The one statement under way may still succeed. Any other error, such as that of a full disk, becomes EdgeError
 * `store-unavailable`, so that callers try again.
 */
export function withDeadline<T extends object>(store: T, ms: number): T {
  const calls = Object.entries(store).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      const waited = new AbortController();
      try {
        const answer = writingUntil(waited.signal, () => call(...args));
        return await within(ms, answer);
      } catch (error) {
        waited.abort(error);
        if (error instanceof EdgeError) throw error;
        throw new EdgeError(
          "store-unavailable",
          "The store failed; try again.",
          { cause: error },
        );
      }
    },
  ]);
  return Object.fromEntries(calls);
}

/** The answer of a store. @throws EdgeError `busy` when it does not answer within `ms` milliseconds. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const why = `The store did not answer within ${ms / 1000} s; try again.`;
    reject(new EdgeError("busy", why));
  }, ms);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
