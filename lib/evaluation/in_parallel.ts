/**
 * Runs a task on every item, at most `limit` at a time; the results are in the order of the items. After a failure no
 * further task starts.
 *
 * @throws the error of the first item that failed, in the order of the items, when all tasks that had started have
 * ended: the error that running one at a time would have met.
 */
export async function inParallel<T, U>(
  items: Iterable<T>,
  limit: number,
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
  await Promise.all(Array.from({ length: limit }, takeTurns));
  const [first] = failures.sort((a, b) => a.at - b.at);
  if (first !== undefined) throw first.error;
  return answers;
}
