import { equal, ok } from "node:assert/strict";
import { killAtRandom } from "../soak/sigkill.ts";

for (const sealed of [true, false]) {
  Deno.test(`SIGKILL at 10 random moments tears, loses and revives nothing, ${sealed ? "sealed" : "in the clear"}`, async () => {
    const tally = await killAtRandom({ kills: 10, seed: 7, sealed });
    equal(tally.kills, 10);
    ok(tally.acknowledged.enrolled > 10, JSON.stringify(tally));
    console.log(JSON.stringify(tally));
  });
}
