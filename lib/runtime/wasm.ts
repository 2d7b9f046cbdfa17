import * as ort from "onnxruntime-web";
import type { Runtime } from "./runtime.ts";
import { openSession } from "./session.ts";

/** onnxruntime-web's WASM (SIMD) backend. Threads work through the package's main entry alone. */
export function openWasm(threads: number): Runtime {
  ort.env.wasm.numThreads = threads;
  let isCompiled = false;
  return {
    async open(file) {
      if (isCompiled) return await openSession(ort, file, OPTIONS);
      const binary = await readBinary();
      ort.env.wasm.wasmBinary = binary;
      const session = await openSession(ort, file, OPTIONS);
      isCompiled = true;
      ort.env.wasm.wasmBinary = undefined;
      binary.transfer(0);
      return session;
    },
  };
}

const OPTIONS = { executionProviders: ["wasm"] };

/**
 * The runtime's program. Left to itself, onnxruntime-web reads these 14 MB into two buffers that wait
 * for the garbage collector; this one is given up (`transfer`) as soon as it is compiled.
 */
async function readBinary(): Promise<ArrayBuffer> {
  const url = import.meta.resolve(
    "onnxruntime-web/ort-wasm-simd-threaded.wasm",
  );
  return (await Deno.readFile(new URL(url))).buffer;
}
