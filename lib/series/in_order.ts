/**
 * Does work for the numbers `from`, …, `to` - 1, at most `parallel` at once, and yields the results in the order of the
 * numbers. No new work begins while the consumer takes no result; a consumer that stops does not wait for work in
 * progress.
 */
export async function* inOrder<T>(
  { from, to, parallel }: { from: number; to: number; parallel: number },
  work: (i: number) => Promise<T>,
): AsyncGenerator<T> {
  const running: Promise<T>[] = [];
  for (let next = from; next < to || running.length > 0;) {
    while (next < to && running.length < parallel) running.push(work(next++));
    yield await running.shift()!;
  }
}
