import { setFlagsFromString } from "node:v8";
import * as ort from "onnxruntime-web";
import type { Runtime } from "./runtime.ts";
import { openSession, versionOf } from "./onnx_session.ts";

/**
 * How much of a WASM function runs before V8 optimizes it, bytes of code; V8's default is 13 million. The runtime's
 * start-up code crosses the default and is optimized in vain, by several threads at once, each with tens of megabytes
 * that the allocator then keeps. Kernels cross this budget within the first images.
 */
const TIERING_BUDGET = 1_000_000_000;

/** onnxruntime-web's WASM (SIMD) backend. Threads work only through the main entry of the package. */
export function openWasm(threads: number): Runtime {
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
  ort.env.wasm.numThreads = threads;
  let isCompiled = false;
  const onnxruntime = versionOf(ort.env);
  return {
    description: { name: "wasm", onnxruntime, threads },
    async open(file) {
      if (isCompiled) return await openSession(ort, file, OPTIONS);
      const binary = await readBinary();
      ort.env.wasm.wasmBinary = binary;
      const session = await withRoom(() => openSession(ort, file, OPTIONS));
      isCompiled = true;
      delete ort.env.wasm.wasmBinary;
      binary.transfer(0);
      return session;
    },
  };
}

const OPTIONS = { executionProviders: ["wasm"] };

/**
 * Memory that the runtime begins with, pages of 64 KiB: 512 MiB of addresses, of which the system gives what is used.
 * Deno has V8 compare every address with a length that a thread only now and then reads anew
 * (https://github.com/denoland/deno/issues/35658). So a thread that began just after the memory had grown could fail
 * at its own stack, and the other one waited for it for ever: up to one start in seven, on a busy machine. While the
 * threads begin, this memory does not grow.
 */
const PAGES = 8192;

const { Memory } = WebAssembly;

/** Does what creates the runtime's memory, which onnxruntime-web gives 16 MiB. */
async function withRoom<T>(work: () => Promise<T>): Promise<T> {
  WebAssembly.Memory = new Proxy(Memory, {
    construct(_, [given]: [WebAssembly.MemoryDescriptor]) {
      const { initial, maximum = initial } = given;
      const pages = Math.min(Math.max(initial, PAGES), maximum);
      return new Memory({ ...given, initial: pages });
    },
  });
  try {
    return await work();
  } finally {
    WebAssembly.Memory = Memory;
  }
}

/**
 * The runtime's program. Left to itself, onnxruntime-web reads these 14 MB into two buffers that wait for the garbage
 * collector; this one is freed (by `transfer`) as soon as it is compiled.
 */
async function readBinary(): Promise<ArrayBuffer> {
  const url = import.meta.resolve(
    "onnxruntime-web/ort-wasm-simd-threaded.wasm",
  );
  return (await Deno.readFile(new URL(url))).buffer;
}
