import type { Tensor } from "../core/tensor.ts";

/** The runtimes, by the names that RUNTIME takes. */
export const RUNTIMES = ["wasm", "webgpu", "native"] as const;
export type RuntimeName = typeof RUNTIMES[number];

/** A loaded ONNX graph. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Whether the first axis of the first input, the batch, has any length. */
  readonly batches: boolean;
  /** Runs the graph once. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
}

/** A runtime, as far as it may change a result. */
export interface RuntimeDescription {
  name: RuntimeName;
  /** Version of the onnxruntime package. */
  onnxruntime: string;
  /** CPU threads that it runs with: one when more were asked for and this Deno cannot start them. */
  threads: number;
}

/** Runs ONNX graphs. */
export interface Runtime {
  readonly description: RuntimeDescription;
  /** Loads the bytes of an ONNX file. */
  open(file: Uint8Array): Promise<Session>;
}

/**
 * The first version of Deno in whose workers onnxruntime-web can start threads. Before it, the `postMessage` that
 * Emscripten gives its threads calls itself until the stack is full; found by starting 2.5.0 to 2.9.6.
 */
const THREADS_SINCE = [2, 7, 14];

/** Whether onnxruntime-web can start threads on this version of Deno, such as "2.9.6". */
export function hasWasmThreads(deno: string): boolean {
  const version = deno.split(/[.+-]/).map(Number);
  for (const [i, wanted] of THREADS_SINCE.entries()) {
    const part = version[i] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
