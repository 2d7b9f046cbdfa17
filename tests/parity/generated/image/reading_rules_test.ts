import { deepEqual, equal } from "node:assert/strict";
import { digestReadings, RECORD } from "../../../support/reading_digests.ts";

/*
 * A picture that is read otherwise than before gives another embedding, so the rules must have another digest: add to
 * them what has changed. Then, and after adding fixtures, write the record anew:
 * deno run --config tests/deno.json --allow-read --allow-write tests/support/reading_digests.ts
 */
Deno.test("no picture is read otherwise than before under the same rules", async () => {
  const before = JSON.parse(await Deno.readTextFile(RECORD));
  const now = await digestReadings();
  const changed = Object.keys(before.pictures).filter((name) =>
    name in now.pictures && now.pictures[name] !== before.pictures[name]
  );
  if (before.rules === now.rules) deepEqual(changed, []);
  equal(now.rules, before.rules, "the record is of other rules");
  const names = (pictures: object) => Object.keys(pictures).sort();
  deepEqual(names(now.pictures), names(before.pictures));
});
