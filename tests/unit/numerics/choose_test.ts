import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { choose } from "../../../lib/numerics/random.ts";

const items = Array.from({ length: 100 }, (_, i) => i);

Deno.test("a sample is of its size, in order, without repeats, the same for a seed", () => {
  const drawn = choose(items, 10, 7);
  equal(new Set(drawn).size, 10);
  deepEqual(drawn, drawn.toSorted((a, b) => a - b));
  deepEqual(choose(items, 10, 7), drawn);
  notDeepEqual(choose(items, 10, 8), drawn);
  deepEqual(choose(items, 0, 7), []);
});

Deno.test("a sample of more than there are is all of them", () => {
  deepEqual(choose(items, 100, 1), items);
  deepEqual(choose(items, 1000, 1), items);
  deepEqual(choose([], 5, 1), []);
});

Deno.test("every item is drawn as often as any other", () => {
  const times = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    for (const item of choose(items.slice(0, 10), 3, seed)) times[item]++;
  }
  // 600 expected, with a standard deviation of some 20.
  ok(times.every((count) => Math.abs(count - 600) < 100), times.join());
});
