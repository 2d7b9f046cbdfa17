import process from "node:process";
import { EdgeError } from "../core/errors.ts";
import type { readErrors } from "../core/read_errors.ts";
import { TimeLimitError, withinTime } from "./time_limit.ts";
import { emscriptenOptions } from "./wasm_codec.ts";

/** A library as Emscripten builds it: its code, and its compiled program. */
export type Library<Codec> = readonly [
  factory: (options: ReturnType<typeof emscriptenOptions>) => Promise<Codec>,
  program: WebAssembly.Module,
];

/** What a picture may take while it is decoded. */
export interface Bounds {
  /** For the file and its pixels; the library itself comes on top. */
  bytes: number;
  /** Pixels that are coded, by the header; they set the time. */
  pixels: number;
}

/** What OpenJPEG prints of pictures that are whole. */
const INFORMATION = /^(\[INFO\]|$)/;

/** The slowest library takes half a second a megapixel on a core of 2020. */
const BASE_MS = 1000;
const PIXEL_MS = 2e-3;
/** Longest time on the clock, as a multiple, where other work keeps the processor from the decoder. */
const PATIENCE = 4;

/**
 * Runs a library on a picture whose header was checked, in an instance of its own, with no more memory and processor time
 * than a picture of its size needs. Whatever goes wrong in it spoils no other call.
 *
 * @param decode synchronous; what it returns must not lie in the instance's memory. `notes` are what the library has
 * printed, but for mere information.
 * @throws {EdgeError} of `decode`; `too-large` beyond the time; else `malformed`.
 */
export async function decodeBounded<Codec, T>(
  [factory, program]: Library<Codec>,
  { bytes, pixels }: Bounds,
  { damaged, tooLarge }: ReturnType<typeof readErrors>,
  decode: (codec: Codec, notes: string[]) => T,
): Promise<T> {
  const limit = BASE_MS + Math.ceil(pixels * PIXEL_MS);
  for (let ms = limit;; ms *= 4) {
    const notes: string[] = [];
    const note = (line: string) =>
      notes.length < 100 && !INFORMATION.test(line) && notes.push(line);
    const before = processorTime();
    try {
      const codec = await factory(emscriptenOptions(program, note, bytes));
      return withinTime(ms, () => decode(codec, notes));
    } catch (error) {
      if (error instanceof EdgeError) throw error;
      if (!(error instanceof TimeLimitError)) {
        throw damaged(error);
      }
      const isStarved = processorTime() - before < 0.8 * limit;
      if (isStarved && ms < PATIENCE * limit) continue;
      throw tooLarge(
        `decoding it took over ${
          limit / 1000
        } s, more than a picture of its size needs.`,
      );
    }
  }
}

/** Milliseconds that this thread has computed. Before Deno 2.9 the time on the clock has to do. */
function processorTime(): number {
  // Its types lack it.
  const { threadCpuUsage } = process as {
    threadCpuUsage?: () => { user: number; system: number };
  };
  if (threadCpuUsage === undefined) return performance.now();
  const { user, system } = threadCpuUsage.call(process);
  return (user + system) / 1000;
}
