import { deepEqual, ok } from "node:assert/strict";
import { length } from "../support/length.ts";
import { fuzzParsers } from "./parsers.ts";

/** The most that memory may grow while inputs of all kinds are parsed, bytes; it varies by some 100 MiB. */
const GROWTH = 200 * 2 ** 20;

Deno.test("every parser accepts or refuses mutated inputs, soon, and leaks no memory", async () => {
  const { taken, refused, failures, memory } = await fuzzParsers({
    inputs: length(2500, 100_000),
    seed: 20261125,
  });
  deepEqual(failures, []);
  for (const name of Object.keys(refused)) ok(refused[name] > 0, name);
  ok(Object.keys(taken).length > 10, "most parsers accept something");
  ok(memory.at(-1)! - memory[1] < GROWTH, memory.join(" "));
});
