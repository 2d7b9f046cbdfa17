import type {
  Env,
  InferenceSession,
  InferenceSessionFactory,
  TensorConstructor,
} from "onnxruntime-common";
import type { Session } from "./runtime.ts";

/** The part that all onnxruntime packages have in common. */
export interface OnnxLibrary {
  InferenceSession: Pick<InferenceSessionFactory, "create">;
  Tensor: TensorConstructor;
}

/** The version that a package of onnxruntime for the web states. */
export function versionOf({ versions }: Env): string {
  return versions.web ?? versions.common;
}

/** A session over plain tensors: each package of onnxruntime accepts only tensors of its own class. */
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
      const outputs = await session.run(Object.fromEntries(inputs));
      // Their data is a copy that the runtime made.
      const plain = Object.entries(outputs).map(([name, { dims, data }]) => [
        name,
        { dims: [...dims], data: data as Float32Array },
      ]);
      return Object.fromEntries(plain);
    },
  };
}
