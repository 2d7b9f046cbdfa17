import { InternalError, traceOf } from "../core/error_trace.ts";
import { EdgeError, type ErrorCode } from "../core/errors.ts";
import type { ModelComponent } from "../model/package.ts";
import type { RuntimeDescription, RuntimeName } from "../runtime/runtime.ts";
import type { BatchEngine } from "./engine.ts";

/** What a worker needs to build its engines. */
export interface WorkerOptions {
  /** What is loaded of every model; an operation that needs anything else fails. */
  components: ModelComponent[];
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

/** One call of an engine operation; a worker gets the next one after its answer. */
export interface Call {
  /** Which model, by its place in `folders`. */
  model: number;
  method: keyof BatchEngine;
  /** For `embedImages` the files; the answer is a `Reply` for each. */
  args: unknown[];
}

/** Tells a worker to leave its call unfinished as soon as it can; the call is answered all the same. */
export const STOP = "stop";

export type Reply = { value: unknown } | {
  error: ErrorDescription;
  /** The thread ran out of memory, or its program trapped: it must be replaced. */
  spoilt?: true;
};

/** An error on its way between threads. */
export type ErrorDescription =
  | {
    kind: "edge";
    code: ErrorCode;
    message: string;
    choices?: string[];
    names?: string[];
  }
  | { kind: "other"; name: string; frames: string[] };

/** A thread's answer to a call that failed. */
export function refusal(error: unknown): Reply {
  if (!isExhausted(error)) return { error: describeError(error) };
  const message = "The work took more memory than there is; try again later.";
  return { error: { kind: "edge", code: "busy", message }, spoilt: true };
}

/** Whether memory ran out, by the messages of V8, onnxruntime and Emscripten, or a WebAssembly program trapped. */
function isExhausted(error: unknown): boolean {
  if (error instanceof EdgeError) return false;
  if (error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof Error &&
    /bad_alloc|allocation failed|failed to allocate|out of memory|unable to grow|memory size exceeded/i
      .test(error.message);
}

export function describeError(error: unknown): ErrorDescription {
  if (error instanceof EdgeError) {
    const { code, message, choices, names } = error;
    return { kind: "edge", code, message, choices, names };
  }
  return { kind: "other", ...traceOf(error) };
}

/** Settles a promise by the reply of another thread. */
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
    case "edge": {
      const { code, message, choices = [], names = [] } = description;
      return new EdgeError(code, message, { choices, names });
    }
    case "other":
      return new InternalError(description.name, description.frames);
  }
}
