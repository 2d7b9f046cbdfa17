import type { ClockName } from "./clock.ts";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** What every answer of the reference holds. */
export interface Answer {
  /** Milliseconds of each stage. */
  stages: Record<string, number>;
}

/** An answer to "segment". */
export interface SegmentAnswer extends Answer {
  /** x, y and label of every point of every candidate. */
  points: [x: number, y: number, label: number][][];
  /** Index of the winning candidate. */
  winner: number;
  /** Pixels of its mask. */
  area: number;
}

/** An answer to "emd". */
export interface DistanceAnswer extends Answer {
  distance: number;
}

/** A running `reference.py`. */
export interface Python extends AsyncDisposable {
  ask(request: { op: "segment"; [option: string]: unknown }): Promise<
    SegmentAnswer
  >;
  ask(request: { op: "emd"; [option: string]: unknown }): Promise<
    DistanceAnswer
  >;
  ask(request: { op: string; [option: string]: unknown }): Promise<Answer>;
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
