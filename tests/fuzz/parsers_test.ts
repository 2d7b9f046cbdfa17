import { deepEqual, ok } from "node:assert/strict";
import { length } from "../support/length.ts";
import { fuzzParsers } from "./parsers.ts";

/** What memory may grow by while inputs of all kinds are parsed, bytes; it swings by some 100 MiB. */
const GROWTH = 200 * 2 ** 20;

Deno.test("mutated inputs of every parser are taken or refused, soon, and leave no memory behind", async () => {
  const { taken, refused, failures, memory } = await fuzzParsers({
    inputs: length(2500, 100_000),
    seed: 20261125,
  });
  deepEqual(failures, []);
  for (const name of Object.keys(refused)) ok(refused[name] > 0, name);
  ok(Object.keys(taken).length > 10, "most parsers take something");
  ok(memory.at(-1)! - memory[1] < GROWTH, memory.join(" "));
});
