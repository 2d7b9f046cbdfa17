import { wholeRoad } from "../support/road.ts";
import { openService } from "../support/service.ts";

Deno.test("the contract holds in this process", async (t) => {
  await using service = await openService();
  await wholeRoad(t, service.app);
});
