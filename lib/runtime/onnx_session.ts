import type {
  Env,
  InferenceSession,
  TensorConstructor,
} from "onnxruntime-common";
import type { Tensor } from "../core/tensor.ts";
import type { Session } from "./runtime.ts";

/** The part that all onnxruntime packages have in common. */
export interface OnnxLibrary {
  InferenceSession: {
    create(
      file: Uint8Array,
      options: InferenceSession.SessionOptions,
    ): Promise<InferenceSession>;
  };
  Tensor: TensorConstructor;
}

/** The version that a package of onnxruntime for the web states. */
export function versionOf({ versions }: Env): string {
  return versions.web ?? versions.common;
}

/**
 * A session of one of the onnxruntime packages over plain tensors: each package accepts only tensors of its own
 * class.
 */
export async function openSession(
  { InferenceSession, Tensor }: OnnxLibrary,
  file: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<Session> {
  const session = await InferenceSession.create(file, options);
  const { inputNames, outputNames, inputMetadata: [first] } = session;
  return {
    inputNames,
    outputNames,
    batches: first?.isTensor === true && typeof first.shape[0] === "string",
    async run(feeds) {
      const inputs = Object.entries(feeds).map(([name, { data, dims }]) => [
        name,
        new Tensor("float32", data, dims),
      ]);
      return plainTensors(await session.run(Object.fromEntries(inputs)));
    },
  };
}

/** The outputs as tensors; their data is a copy that the runtime made. */
function plainTensors(
  outputs: InferenceSession.ReturnType,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dims, data }] of Object.entries(outputs)) {
    tensors[name] = { dims: [...dims], data: data as Float32Array };
  }
  return tensors;
}
