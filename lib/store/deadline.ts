import { EdgeError } from "../core/errors.ts";

/**
 * A store whose calls are given up after `ms` milliseconds with EdgeError `busy`: the client of KV Connect
 * tries for ever while its server is away. A write that was given up may yet be done. Whatever else goes
 * wrong, as a full disk, becomes EdgeError `store-unavailable`, so that callers try again.
 */
export function withDeadline<T extends object>(store: T, ms: number): T {
  const calls = Object.entries(store).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await within(ms, call(...args));
      } catch (error) {
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

/**
 * What a store answers within `ms` milliseconds.
 *
 * @throws EdgeError `busy` when that is nothing.
 */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new EdgeError("busy", "The store does not answer; try again.");
  const timer = setTimeout(() => reject(late), ms);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
