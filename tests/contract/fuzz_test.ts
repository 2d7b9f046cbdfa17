import { deepEqual, ok } from "node:assert/strict";
import { openService } from "../support/service.ts";
import { fuzzRoutes } from "../fuzz/routes.ts";

Deno.test("requests made from the OpenAPI document, whole and broken, get an answer that it describes", async () => {
  await using service = await openService();
  const requests = { inputs: 150, seed: 20261125 };
  const { failures, statuses } = await fuzzRoutes(
    service.app,
    requests,
    1,
    false,
  );
  deepEqual(failures, []);
  const succeeded = Object.keys(statuses).filter((key) => / 2\d\d$/.test(key));
  ok(succeeded.length > 5, succeeded.join());
});
