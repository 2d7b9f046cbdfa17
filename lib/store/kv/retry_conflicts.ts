import { EdgeError } from "../../core/errors.ts";

/**
 * Repeats an optimistic write of a patient's data until no other write gets ahead of it.
 *
 * @param attempt reads, and writes what depends on that; undefined when another write came between.
 * @throws EdgeError `conflict` after that many attempts.
 */
export async function retryConflicts<T>(
  attempts: number,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  for (let i = 0; i < attempts; i++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new EdgeError(
    "conflict",
    `Cannot change the patient's data: ${attempts} times in a row another change was written first; try again.`,
  );
}
