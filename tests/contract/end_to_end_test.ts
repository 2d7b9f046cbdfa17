import { wholeRoad } from "../support/pipeline.ts";
import { openService } from "../support/service.ts";

Deno.test("the contract holds in this process", async (t) => {
  await using service = await openService();
  await wholeRoad(t, service.app);
});
