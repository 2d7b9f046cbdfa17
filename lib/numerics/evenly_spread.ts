/**
 * At most so many of a count of things, evenly spread in their order.
 *
 * @returns ascending indices; all of them where there are no more than `most`.
 */
export function evenlySpread(count: number, most: number): Int32Array {
  const taken = Math.min(count, most);
  return Int32Array.from(
    { length: taken },
    (_, i) => Math.floor((i + 0.5) * count / taken),
  );
}
