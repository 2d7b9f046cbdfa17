import * as ort from "onnxruntime-web";
import type { ModelPackage } from "../model/package.ts";
import type {
  Decoder,
  DecoderPrompt,
  Encoder,
  ModelGeometry,
  Tensor,
} from "../pipeline/types.ts";

/**
 * Encoder and decoder of a model package on onnxruntime-web's WASM (SIMD) backend, each run once on
 * zeros so that the first request is not the slow one.
 *
 * @param threads WASM threads; fixed by the first call in a process or worker.
 */
export async function createOnnxModel(
  { encoder, decoder, geometry }: ModelPackage,
  threads: number,
): Promise<{ encoder: Encoder; decoder: Decoder }> {
  ort.env.wasm.numThreads = threads;
  const binary = await readBinary();
  ort.env.wasm.wasmBinary = binary;
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: ["wasm"],
  };
  const open = async (file: Uint8Array | null) => {
    if (file === null) return null;
    const session = await ort.InferenceSession.create(file, options);
    ort.env.wasm.wasmBinary = undefined;
    if (!binary.detached) binary.transfer(0);
    return session;
  };
  const encoderSession = await open(encoder);
  const decoderSession = await open(decoder);
  const side = geometry.lowResMask;
  const noMask = new Float32Array(side * side);

  const model = {
    encoder: {
      async encode(input: Float32Array): Promise<Record<string, Tensor>> {
        const { size } = geometry;
        const session = loaded(encoderSession);
        const [name] = session.inputNames;
        const image = new ort.Tensor("float32", input, [1, 3, size, size]);
        return take(await session.run({ [name]: image }));
      },
    },
    decoder: {
      async decode(tensors: Record<string, Tensor>, prompt: DecoderPrompt) {
        const { coords, labels, mask } = prompt;
        const feeds: Record<string, ort.Tensor> = {
          point_coords: new ort.Tensor("float32", coords, [
            1,
            labels.length,
            2,
          ]),
          point_labels: new ort.Tensor("float32", labels, [1, labels.length]),
          mask_input: new ort.Tensor("float32", mask ?? noMask, [
            1,
            1,
            side,
            side,
          ]),
          has_mask_input: new ort.Tensor("float32", [mask === null ? 0 : 1], [
            1,
          ]),
        };
        for (const [name, { data, dims }] of Object.entries(tensors)) {
          feeds[name] = new ort.Tensor("float32", data, dims);
        }
        const { low_res_masks, iou_predictions } = take(
          await loaded(decoderSession).run(feeds),
        );
        return {
          logits: low_res_masks.data,
          predictedIou: iou_predictions.data[0],
        };
      },
    },
  };
  const warm = encoderSession === null
    ? blankEmbedding(geometry)
    : await model.encoder.encode(new Float32Array(3 * geometry.size ** 2));
  if (decoderSession !== null) {
    await model.decoder.decode(warm, {
      coords: new Float32Array(4),
      labels: Float32Array.of(1, -1),
      mask: null,
    });
  }
  return model;
}

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

function loaded(session: ort.InferenceSession | null): ort.InferenceSession {
  if (session === null) throw new Error("This part of the model is not loaded");
  return session;
}

/** An embedding of zeros. */
function blankEmbedding({ channels, grid }: ModelGeometry) {
  const data = new Float32Array(channels * grid ** 2);
  return { image_embeddings: { dims: [1, channels, grid, grid], data } };
}

/** The outputs as tensors; their data is a copy that the runtime made for us. */
function take(
  outputs: ort.InferenceSession.ReturnType,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { dims, data }] of Object.entries(outputs)) {
    tensors[name] = { dims: [...dims], data: data as Float32Array };
  }
  return tensors;
}
