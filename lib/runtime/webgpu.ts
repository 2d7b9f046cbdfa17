import * as ort from "onnxruntime-web/webgpu";
import { EdgeError } from "../errors.ts";
import type { Runtime } from "./runtime.ts";
import { openSession } from "./session.ts";

/**
 * onnxruntime-web's WebGPU backend over `navigator.gpu`. Its WASM half runs in one thread: this bundle
 * cannot start more in Deno.
 *
 * @throws EdgeError `invalid-input` when no adapter is found.
 */
export async function openWebGpu(): Promise<Runtime> {
  // Without any driver Deno throws where the specification answers null.
  if (!await navigator.gpu?.requestAdapter().catch(() => null)) {
    throw new EdgeError(
      "invalid-input",
      "RUNTIME=webgpu cannot start: navigator.gpu gives no adapter here; install a Vulkan, Metal " +
        "or DirectX 12 driver, or take another runtime.",
    );
  }
  ort.env.wasm.numThreads = 1;
  return {
    open: (file) => openSession(ort, file, { executionProviders: ["webgpu"] }),
  };
}
