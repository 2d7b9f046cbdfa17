import { deepEqual, equal, rejects } from "node:assert/strict";
import { inParallel } from "../../../lib/evaluation/in_parallel.ts";

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await Promise.resolve();
};

Deno.test("answers come in the order of the items, however long each takes", async () => {
  const answers = await inParallel([30, 1, 20, 2], 3, async (length) => {
    await turns(length);
    return length;
  });
  deepEqual(answers, [30, 1, 20, 2]);
  deepEqual(await inParallel([], 3, () => turns(1)), []);
});

Deno.test("at most the given number run at a time", async () => {
  let running = 0;
  let most = 0;
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (length) => {
    most = Math.max(most, ++running);
    await turns(length);
    running--;
  });
  equal(most, 3);
});

Deno.test("of several failures the first item's is thrown, and nothing more begins", async () => {
  const begun: number[] = [];
  await rejects(
    () =>
      inParallel([0, 1, 2, 3, 4, 5], 3, async (item) => {
        begun.push(item);
        // The second item fails long before the first.
        await turns(item === 0 ? 50 : item);
        if (item < 2) throw new Error(`item ${item}`);
      }),
    /item 0/,
  );
  deepEqual(begun, [0, 1, 2]);
});
