import { testEndToEnd } from "../support/end_to_end.ts";
import { Server } from "../support/server.ts";

Deno.test("the contract holds over HTTP, with the embedded model", async (t) => {
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: ":memory:",
  });
  await testEndToEnd(t, server);
});
