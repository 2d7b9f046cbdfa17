/**
 * Runs a task on every item, at most `most` at a time, and gives the answers in the order of the items. After a
 * failure no further one begins.
 *
 * @throws what the first item threw of those that failed, once all that had begun have ended: the error that a run of
 * one at a time would have met.
 */
export async function inParallel<T, U>(
  items: Iterable<T>,
  most: number,
  run: (item: T) => Promise<U>,
): Promise<U[]> {
  const waiting = items[Symbol.iterator]();
  const answers: U[] = [];
  const failures: { at: number; error: unknown }[] = [];
  let begun = 0;
  const takeTurns = async () => {
    while (failures.length === 0) {
      const { done, value } = waiting.next();
      if (done) return;
      const at = begun++;
      try {
        answers[at] = await run(value);
      } catch (error) {
        failures.push({ at, error });
      }
    }
  };
  await Promise.all(Array.from({ length: most }, takeTurns));
  const [first] = failures.sort((a, b) => a.at - b.at);
  if (first !== undefined) throw first.error;
  return answers;
}
