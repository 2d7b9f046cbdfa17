import { EdgeError, type ErrorCode } from "../core/errors.ts";
import type { ModelComponent } from "../model/package.ts";
import type { RuntimeDescription, RuntimeName } from "../runtime/runtime.ts";
import type { BatchEngine } from "./engine.ts";

/** What a worker needs to build its engines. */
export interface WorkerOptions {
  /** What is loaded of every model; an operation that needs another part fails. */
  parts: ModelComponent[];
  /** URLs of the model package folders, ending in a slash. */
  folders: string[];
  runtime: RuntimeName;
  threads: number;
  maxPixels: number;
}

/** A worker's answer to its options, for each model. */
export interface Loaded {
  /** Whether several images take one run of its encoder. */
  batches: boolean;
  /** What runs it. */
  runtime: RuntimeDescription;
}

/** One call of an engine operation; a worker gets the next when it has answered the last. */
export interface Call {
  /** Which model, by its place in `folders`. */
  model: number;
  method: keyof BatchEngine;
  /** Of `embedImages`, the files; it is answered with a `Reply` for each. */
  args: unknown[];
}

/** Tells a worker to leave its call unfinished, as soon as it can; it answers the call all the same. */
export const STOP = "stop";

export type Reply = { value: unknown } | {
  error: ErrorDescription;
  /** The thread ran out of memory, or its program trapped: it is to be replaced. */
  spoilt?: true;
};

/** An error on its way between threads. */
export type ErrorDescription =
  | { kind: "edge"; code: ErrorCode; message: string }
  | { kind: "other"; name: string; frames: string[] };

/** An unforeseen error: its class and where it was thrown; its message may quote input and is dropped. */
export class InternalError extends Error {
  constructor(override readonly name: string, readonly frames: string[]) {
    super("An unforeseen error in a worker.");
  }
}

/** A thread's answer to a call that failed. */
export function refusal(error: unknown): Reply {
  if (!isExhausted(error)) return { error: describeError(error) };
  const message = "The work took more memory than there is; try again later.";
  return { error: { kind: "edge", code: "busy", message }, spoilt: true };
}

/** Whether memory ran out, as V8, onnxruntime and Emscripten say it, or a WebAssembly program trapped. */
function isExhausted(error: unknown): boolean {
  if (error instanceof EdgeError) return false;
  if (error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof Error &&
    /bad_alloc|allocation failed|failed to allocate|out of memory|unable to grow|memory size exceeded/i
      .test(error.message);
}

export function describeError(error: unknown): ErrorDescription {
  if (error instanceof EdgeError) {
    return { kind: "edge", code: error.code, message: error.message };
  }
  return { kind: "other", ...traceOf(error) };
}

/** Settles a promise as another thread says. */
export function settle(
  reply: Reply,
  resolve: (value: unknown) => void,
  reject: (error: Error) => void,
): void {
  if ("error" in reply) reject(restoreError(reply.error));
  else resolve(reply.value);
}

function restoreError(description: ErrorDescription): Error {
  switch (description.kind) {
    case "edge":
      return new EdgeError(description.code, description.message);
    case "other":
      return new InternalError(description.name, description.frames);
  }
}

/** What may be logged of an error: its class and its stack frames, never its message. */
export function traceOf(error: unknown): { name: string; frames: string[] } {
  if (error instanceof InternalError) {
    return { name: error.name, frames: error.frames };
  }
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const lines = (error.stack ?? "").split("\n").map((line) => line.trim());
  return {
    name: error.name,
    frames: lines.filter((line) => line.startsWith("at ")),
  };
}
