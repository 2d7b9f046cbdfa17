import { hasWasmThreads, type Runtime, type RuntimeName } from "./runtime.ts";

export interface RuntimeOptions {
  name: RuntimeName;
  /** CPU threads of the WASM and native runtimes; fixed by the first call in a process or worker. */
  threads: number;
  /** Whether graphs as large as an encoder will run, or only decoders. */
  encodes: boolean;
}

/** Opens a runtime; only its code is loaded. @throws EdgeError `invalid-input` when this host lacks what it needs. */
export async function openRuntime(
  { name, threads, encodes }: RuntimeOptions,
): Promise<Runtime> {
  switch (name) {
    case "wasm":
      // Two threads sometimes deadlock when the first graph that they run is as small as a decoder. One is enough for
      // decoders.
      return (await import("./wasm.ts")).openWasm(
        encodes && hasWasmThreads(Deno.version.deno) ? threads : 1,
      );
    case "webgpu":
      return await (await import("./webgpu.ts")).openWebGpu();
    case "native":
      return (await import("./native.ts")).openNative(threads);
  }
}
