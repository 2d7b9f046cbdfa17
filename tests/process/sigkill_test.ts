import { equal, ok } from "node:assert/strict";
import { killAtRandom } from "../soak/sigkill.ts";
import { length } from "../support/length.ts";
import { killStores } from "../soak/sigkill_store.ts";

for (const sealed of [true, false]) {
  const how = sealed ? "sealed" : "in the clear";

  Deno.test(`SIGKILL at random moments of storing and erasing tears, loses and revives nothing, ${how}`, async () => {
    const tally = await killStores({ kills: length(10, 100), seed: 7, sealed });
    ok(tally.acknowledged > 0, JSON.stringify(tally));
    console.log(JSON.stringify(tally));
  });
}

Deno.test("SIGKILL of a server at random moments of enrolment, erasure and series, sealed", async () => {
  const tally = await killAtRandom({
    kills: length(2, 20),
    seed: 1,
    sealed: true,
  });
  equal(tally.kills, length(2, 20));
  ok(tally.acknowledged.enrolled > 0, JSON.stringify(tally));
  console.log(JSON.stringify(tally));
});
