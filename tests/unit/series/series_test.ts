import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { inOrder } from "../../../lib/series/in_order.ts";
import { naturalOrder } from "../../../lib/series/series_image.ts";
import { referencesAt } from "../../../lib/series/references_at.ts";
import { sectionOf, Spool } from "../../../lib/series/range_file.ts";
import type { Enrolled } from "../../../lib/store/profiles/reference.ts";

Deno.test("work is done in parallel up to the bound, and comes in order", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), { maxLength: 12 }),
      fc.nat(12),
      fc.integer({ min: 1, max: 4 }),
      async (delays, from, parallel) => {
        let running = 0;
        const work = async (i: number) => {
          ok(++running <= parallel);
          await new Promise((resolve) => setTimeout(resolve, delays[i]));
          running--;
          return i;
        };
        const range = { from, to: delays.length, parallel };
        const came = await Array.fromAsync(inOrder(range, work));
        deepEqual(came, delays.map((_, i) => i).slice(from));
      },
    ),
    { numRuns: 30 },
  ));

Deno.test("no work begins before its result is asked for", async () => {
  let begun = 0;
  const work = () => Promise.resolve(++begun);
  const lines = inOrder({ from: 0, to: 9, parallel: 2 }, work);
  equal(begun, 0);
  await lines.next();
  equal(begun, 2);
  await lines.return(undefined);
  equal(begun, 2);
});

Deno.test("names are ordered by the value of their numbers, whatever order they come in", () => {
  const names = ["a", "i2.png", "i10.png", "s1/9", "s1/10", "s2/1", "é", "z"];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(names, { minLength: names.length }),
      (shuffled) => {
        deepEqual(shuffled.toSorted(naturalOrder), [
          "a",
          "é",
          "i2.png",
          "i10.png",
          "s1/9",
          "s1/10",
          "s2/1",
          "z",
        ]);
      },
    ),
  );
  ok(naturalOrder("1", "01") !== 0);
});

Deno.test("the nearest references on either side, and those without a place", () => {
  const references = [null, 0.1, 0.4, 0.4, 0.8, null].map((position, i) => ({
    reference: { reference: String(i), position },
  })) as unknown as Enrolled[];
  const at = (position: number, of = references) =>
    referencesAt(of, position).map(({ reference }) => reference.reference)
      .join("");
  equal(at(0), "015");
  equal(at(0.1), "015");
  equal(at(0.3), "01235");
  equal(at(0.4), "0235");
  equal(at(0.7), "02345");
  equal(at(1), "045");
  equal(at(0.5, [references[0]]), "0");
});

Deno.test("a spool reads back what was written, by ranges, at once", async () => {
  using spool = await Spool.create();
  const bytes = crypto.getRandomValues(new Uint8Array(5000));
  for (let at = 0; at < 5000; at += 700) {
    await spool.write(bytes.subarray(at, at + 700));
  }
  equal(spool.size, 5000);
  const ranges = [[0, 5000], [4999, 1], [300, 1200], [5000, 0]];
  const read = await Promise.all(
    ranges.map(([from, n]) => spool.read(from, n)),
  );
  ranges.forEach(([from, n], i) =>
    deepEqual(read[i], bytes.slice(from, from + n))
  );
  const part = sectionOf(spool, 1000, 50);
  deepEqual(await part.read(10, 40), bytes.slice(1010, 1050));
  await rejects(part.read(10, 41), RangeError);
  await rejects(spool.read(4999, 2), RangeError);
  deepEqual(
    await spool.read(0, 1),
    bytes.slice(0, 1),
    "goes on after an error",
  );
});
