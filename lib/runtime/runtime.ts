import type { Tensor } from "../core/tensor.ts";
import { hasWasmThreads } from "./threads.ts";

/** The runtimes, by the names that RUNTIME takes. */
export const RUNTIMES = ["wasm", "webgpu", "native"] as const;
export type RuntimeName = typeof RUNTIMES[number];

/** A loaded ONNX graph. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Whether the first axis of the first input is free. */
  readonly batches: boolean;
  /** Runs the graph once. */
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
}

/** What a runtime is, as far as that may change a result. */
export interface RuntimeDescription {
  name: RuntimeName;
  /** Version of the onnxruntime package. */
  onnxruntime: string;
  /** CPU threads it runs with; one where more were asked for and this Deno cannot start them. */
  threads: number;
}

/** What runs ONNX graphs. */
export interface Runtime {
  readonly description: RuntimeDescription;
  /** Loads the bytes of an ONNX file. */
  open(file: Uint8Array): Promise<Session>;
}

export interface RuntimeOptions {
  name: RuntimeName;
  /** CPU threads of the WASM and native runtimes; fixed by the first call in a process or worker. */
  threads: number;
  /** Whether graphs as large as an encoder are run, or decoders alone. */
  encodes: boolean;
}

/**
 * Opens a runtime; only the code of the one chosen is loaded.
 *
 * @throws EdgeError `invalid-input` when this host lacks what the runtime needs.
 */
export async function openRuntime(
  { name, threads, encodes }: RuntimeOptions,
): Promise<Runtime> {
  switch (name) {
    case "wasm":
      // Two threads sometimes wait for each other for ever when the first graph that they run is as small
      // as a decoder; one is enough for decoders.
      return (await import("./wasm.ts")).openWasm(
        encodes && hasWasmThreads(Deno.version.deno) ? threads : 1,
      );
    case "webgpu":
      return await (await import("./webgpu.ts")).openWebGpu();
    case "native":
      return (await import("./native.ts")).openNative(threads);
  }
}
