import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { arch, platform } from "node:process";
import { invalidInput } from "../core/errors.ts";
import type { Runtime } from "./runtime.ts";
import { type OnnxLibrary, openSession } from "./onnx_session.ts";

/** The library, and the one version that is tested. It is not a dependency of the product because it is large. */
export const NATIVE_LIBRARY = "onnxruntime-node";
export const NATIVE_VERSION = "1.30.0";

/** The root of the product: its `node_modules` is where npm puts the library. */
const ROOT = new URL("../../", import.meta.url);
const MODULES = new URL("node_modules", ROOT);

/**
 * onnxruntime-node: on CUDA when its installer has put the libraries for it and there is a device, else on the CPU.
 *
 * @throws EdgeError `invalid-input` without the permission to load native code, or when the library is not
 * installed or cannot be loaded.
 */
export function openNative(threads: number): Runtime {
  const ort = loadLibrary();
  const onCpu = { executionProviders: ["cpu"], intraOpNumThreads: threads };
  const onCuda = { ...onCpu, executionProviders: ["cuda", "cpu"] };
  return {
    description: { name: "native", onnxruntime: NATIVE_VERSION, threads },
    async open(file) {
      if (!hasCuda()) return await openSession(ort, file, onCpu);
      // The host may have no device.
      return await openSession(ort, file, onCuda)
        .catch(() => openSession(ort, file, onCpu));
    },
  };
}

type NativeLibrary = OnnxLibrary & {
  env: { versions: { node?: string } };
};

/** Asked of the files, since the library writes lines to stderr when it looks for them in vain. */
function hasCuda(): boolean {
  const main = createRequire(ROOT).resolve(NATIVE_LIBRARY);
  const binaries = join(dirname(main), "../bin/napi-v6", platform, arch);
  return existsSync(join(binaries, "libonnxruntime_providers_cuda.so"));
}

function loadLibrary(): NativeLibrary {
  const { state } = Deno.permissions.querySync({ name: "ffi", path: MODULES });
  if (state !== "granted") {
    throw invalidInput(
      "RUNTIME=native cannot start: Deno was not allowed to load native code; add --allow-ffi=node_modules " +
        "to the `deno run`.",
    );
  }
  const install =
    `npm install --no-save --no-package-lock --ignore-scripts ${NATIVE_LIBRARY}@${NATIVE_VERSION}`;
  let library: NativeLibrary;
  try {
    library = createRequire(ROOT)(NATIVE_LIBRARY);
  } catch {
    throw invalidInput(
      `RUNTIME=native cannot start: ${NATIVE_LIBRARY} cannot be loaded; install it with \`${install}\`.`,
    );
  }
  const version = library.env.versions.node;
  if (version === NATIVE_VERSION) return library;
  throw invalidInput(
    `RUNTIME=native wants ${NATIVE_LIBRARY} ${NATIVE_VERSION} and found ${version}; \`${install}\`.`,
  );
}
