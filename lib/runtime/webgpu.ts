import { invalidInput } from "../core/errors.ts";
import type { Runtime } from "./runtime.ts";
import { openSession, versionOf } from "./onnx_session.ts";

/**
 * onnxruntime-web's WebGPU backend over `navigator.gpu`. Its WASM part runs in one thread, because this bundle cannot
 * start more in Deno.
 *
 * @throws EdgeError `invalid-input` when no adapter is found.
 */
export async function openWebGpu(): Promise<Runtime> {
  if (!await navigator.gpu?.requestAdapter().catch(() => null)) {
    throw invalidInput(
      "RUNTIME=webgpu cannot start: navigator.gpu has no adapter; install a Vulkan, Metal or DirectX 12 driver, " +
        "or choose another runtime.",
    );
  }
  const ort = await importLibrary();
  ort.env.wasm.numThreads = 1;
  const onnxruntime = versionOf(ort.env);
  return {
    description: { name: "webgpu", onnxruntime, threads: 1 },
    open: (file) => openSession(ort, file, { executionProviders: ["webgpu"] }),
  };
}

/**
 * Imports the library while `location` is hidden. It resolves its own address against `location.origin`, which is
 * "null" in a worker made from a file, but does without a `location` where there is none, as in Deno's main thread.
 */
async function importLibrary() {
  const place = Object.getOwnPropertyDescriptor(globalThis, "location");
  if (place === undefined) return await import("onnxruntime-web/webgpu");
  Object.defineProperty(globalThis, "location", {
    value: undefined,
    configurable: true,
  });
  try {
    return await import("onnxruntime-web/webgpu");
  } finally {
    Object.defineProperty(globalThis, "location", place);
  }
}
