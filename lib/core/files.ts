import type { Bytes } from "./bytes.ts";
import { invalidInput } from "./errors.ts";

/** Reads a file that a person named. @throws EdgeError `invalid-input`, naming the file. */
export async function readInputFile(path: string): Promise<Bytes> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The error of a path that cannot be read, with a plain reason where nothing is there. */
export function unreadable(path: string, error: unknown): Error {
  const why = error instanceof Deno.errors.NotFound
    ? "there is no such file"
    : String(error);
  return invalidInput(`Cannot read ${path}: ${why}`);
}

/** Runs a step on a file. @throws EdgeError `invalid-input` for whatever it throws, the path before its message. */
export async function usingFile<T>(
  path: string,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const why = (error as Error).message;
    throw invalidInput(`Cannot use ${path}: ${why}`);
  }
}
