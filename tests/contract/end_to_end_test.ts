import { testEndToEnd } from "../support/end_to_end.ts";
import { openService } from "../support/service.ts";

Deno.test("the contract holds in this process", async (t) => {
  await using service = await openService();
  await testEndToEnd(t, service.app);
});
