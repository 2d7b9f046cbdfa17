import { createRequire } from "node:module";
import { EdgeError } from "../errors.ts";
import type { Runtime } from "./runtime.ts";
import { type OnnxLibrary, openSession } from "./session.ts";

/** The library and the one version that is tested; it is no dependency, since it is large. */
export const NATIVE_LIBRARY = "onnxruntime-node";
export const NATIVE_VERSION = "1.30.0";

/** The root of the product: its `node_modules` is where npm puts the library. */
const ROOT = new URL("../../", import.meta.url);

/**
 * onnxruntime-node: CUDA where its libraries and a device are found, or the CPU.
 *
 * @throws EdgeError `invalid-input` when the library is not installed or cannot be loaded.
 */
export function openNative(threads: number): Runtime {
  const ort = loadLibrary();
  const hasCuda = ort.listSupportedBackends()
    .some(({ name }) => name === "cuda");
  const onCpu = { executionProviders: ["cpu"], intraOpNumThreads: threads };
  const onCuda = { ...onCpu, executionProviders: ["cuda", "cpu"] };
  return {
    async open(file) {
      if (!hasCuda) return await openSession(ort, file, onCpu);
      // The library may be built for CUDA on a host without a device.
      return await openSession(ort, file, onCuda)
        .catch(() => openSession(ort, file, onCpu));
    },
  };
}

type NativeLibrary = OnnxLibrary & {
  env: { versions: { node?: string } };
  listSupportedBackends(): { name: string }[];
};

function loadLibrary(): NativeLibrary {
  const install =
    `npm install --no-save --no-package-lock ${NATIVE_LIBRARY}@${NATIVE_VERSION}`;
  let library: NativeLibrary;
  try {
    library = createRequire(ROOT)(NATIVE_LIBRARY);
  } catch {
    throw new EdgeError(
      "invalid-input",
      `RUNTIME=native cannot start: ${NATIVE_LIBRARY} cannot be loaded; install it with \`${install}\`.`,
    );
  }
  const version = library.env.versions.node;
  if (version === NATIVE_VERSION) return library;
  throw new EdgeError(
    "invalid-input",
    `RUNTIME=native wants ${NATIVE_LIBRARY} ${NATIVE_VERSION} and found ${version}; \`${install}\`.`,
  );
}
