import { Session } from "node:inspector/promises";

/** V8's coverage of scripts: how often each block of their functions ran. */
interface Coverage {
  result: {
    url: string;
    functions: { ranges: { count: number }[] }[];
  }[];
}

const PRODUCT = ["../../lib/", "../../functions/"]
  .map((folder) => new URL(folder, import.meta.url).href);

const session = new Session();
session.connect();
await session.post("Profiler.enable");
// Functions that ran before this are counted by their calls alone.
await session.post("Profiler.startPreciseCoverage", {
  callCount: true,
  detailed: true,
});

/** Blocks of product code run since the last call: calls, turns of loops, branches taken. */
async function take(): Promise<number> {
  const { result } = await session.post(
    "Profiler.takePreciseCoverage",
  ) as unknown as Coverage;
  let steps = 0;
  for (const { url, functions } of result) {
    if (!PRODUCT.some((folder) => url.startsWith(folder))) continue;
    for (const { ranges } of functions) {
      for (const { count } of ranges) steps += count;
    }
  }
  return steps;
}

/**
 * Runs a function and counts the steps that the product took in this thread meanwhile. The count is the same on every
 * machine, so a test can bound work without a clock.
 */
export async function stepsOf(run: () => unknown): Promise<number> {
  await take();
  await run();
  return await take();
}
