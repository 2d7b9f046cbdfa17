/**
 * Works on the numbers `from`, …, `to` - 1, at most `parallel` at once, and yields the results in order
 * of the numbers. A consumer that asks for nothing stops new work; what it leaves is not waited for.
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
