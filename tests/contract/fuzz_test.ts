import { deepEqual, ok } from "node:assert/strict";
import { openService } from "../support/service.ts";
import { fuzzParsers } from "../fuzz/parsers.ts";
import { fuzzRoutes } from "../fuzz/routes.ts";

/** What memory may grow by while inputs of all kinds are parsed, bytes; it swings by some 100 MiB. */
const GROWTH = 200 * 2 ** 20;

Deno.test("mutated inputs of every parser are taken or refused, soon, and leave no memory behind", async () => {
  const { taken, refused, failures, memory } = await fuzzParsers({
    inputs: 2500,
    seed: 20261125,
  });
  deepEqual(failures, []);
  for (const name of Object.keys(refused)) ok(refused[name] > 0, name);
  ok(Object.keys(taken).length > 10, "most parsers take something");
  ok(memory.at(-1)! - memory[1] < GROWTH, memory.join(" "));
});

Deno.test("requests made from the OpenAPI document, whole and broken, get an answer that it describes", async () => {
  await using service = await openService();
  const { failures, statuses } = await fuzzRoutes(service.app, {
    inputs: 150,
    seed: 20261125,
  });
  deepEqual(failures, []);
  const succeeded = Object.keys(statuses).filter((key) => / 2\d\d$/.test(key));
  ok(succeeded.length > 5, succeeded.join());
});
