import type { ClockName } from "./clock.ts";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** What the reference answers: results of its own, and the milliseconds of each stage. */
export interface Answer {
  stages: Record<string, number>;
  // deno-lint-ignore no-explicit-any -- JSON of whatever shape the Python side answers
  [result: string]: any;
}

/** A running `reference.py`. */
export interface Python extends AsyncDisposable {
  ask(request: Record<string, unknown>): Promise<Answer>;
}

/**
 * Starts the reference.
 *
 * @param python an interpreter with the packages that the head of `reference.py` lists.
 */
export async function startPython(
  python: string,
  threads: number,
  clock: ClockName,
): Promise<Python> {
  const env = { ...Deno.env.toObject() };
  // Some hosts pin OpenBLAS to kernels for older processors; the reference shall have the fastest.
  delete env.OPENBLAS_CORETYPE;
  delete env.OPENBLAS_L2_SIZE;
  for (const library of ["OMP", "MKL", "OPENBLAS"]) {
    env[`${library}_NUM_THREADS`] = String(threads);
  }
  const child = new Deno.Command(python, {
    args: [
      new URL("reference.py", import.meta.url).pathname,
      String(threads),
      clock,
    ],
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = createInterface({ input: Readable.from(child.stdout) })
    [Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("The reference stopped; its error is above.");
    return JSON.parse(value);
  };
  await next();
  return {
    async ask(request) {
      await writer.write(
        new TextEncoder().encode(JSON.stringify(request) + "\n"),
      );
      return await next();
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}
