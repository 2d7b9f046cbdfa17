import * as ort from "onnxruntime-web";
import type { ModelPackage } from "../model/package.ts";
import type {
  Decoder,
  DecoderAnswer,
  DecoderPrompt,
  Encoder,
  Tensor,
} from "../pipeline/types.ts";
import { requireGraphs } from "./check_graphs.ts";

/**
 * Encoder and decoder of a model package on onnxruntime-web's WASM (SIMD) backend, both run once on
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
  const encoderSession = await ort.InferenceSession.create(encoder, options);
  ort.env.wasm.wasmBinary = undefined;
  binary.transfer(0);
  const decoderSession = await ort.InferenceSession.create(decoder, options);
  const { lowResMask: side, channels, grid, guided } = geometry;
  const noMask = new Float32Array(side * side);
  const unguided = {
    similarity: new Float32Array(grid * grid),
    target: new Float32Array(channels),
  };

  const model = {
    encoder: {
      async encode(input: Float32Array): Promise<Record<string, Tensor>> {
        const { size } = geometry;
        const [name] = encoderSession.inputNames;
        const image = new ort.Tensor("float32", input, [1, 3, size, size]);
        return take(await encoderSession.run({ [name]: image }));
      },
    },
    decoder: {
      async decode(
        tensors: Record<string, Tensor>,
        prompt: DecoderPrompt,
      ): Promise<DecoderAnswer> {
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
        if (guided) {
          const { similarity, target } = prompt.guidance ?? unguided;
          const given = [prompt.guidance === undefined ? 0 : 1];
          Object.assign(feeds, {
            attention_similarity: new ort.Tensor("float32", similarity, [
              1,
              1,
              grid,
              grid,
            ]),
            has_attention_similarity: new ort.Tensor("float32", given, [1]),
            target_embedding: new ort.Tensor("float32", target, [
              1,
              1,
              channels,
            ]),
          });
        }
        for (const [name, { data, dims }] of Object.entries(tensors)) {
          feeds[name] = new ort.Tensor("float32", data, dims);
        }
        const outputs = take(await decoderSession.run(feeds));
        return answerOf(outputs, prompt.multimask ?? false);
      },
    },
  };
  const warm = await model.encoder.encode(
    new Float32Array(3 * geometry.size ** 2),
  );
  requireGraphs(geometry, {
    encoded: warm,
    decoderInputs: decoderSession.inputNames,
    decoderOutputs: decoderSession.outputNames,
  });
  await model.decoder.decode(warm, {
    coords: new Float32Array(4),
    labels: Float32Array.of(1, -1),
    mask: null,
  });
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

/** Outputs by their names: masks are [1, K, side, side], their predicted IoU [1, K]. */
function answerOf(
  outputs: Record<string, Tensor>,
  multimask: boolean,
): DecoderAnswer {
  const split = (masks: Tensor, ious: Tensor) => {
    const size = masks.data.length / ious.data.length;
    return Array.from(ious.data, (predictedIou, i) => ({
      logits: masks.data.slice(i * size, (i + 1) * size),
      predictedIou,
    }));
  };
  const { multi_masks, multi_iou_predictions } = outputs;
  return {
    logits: outputs.low_res_masks.data,
    predictedIou: outputs.iou_predictions.data[0],
    ...(multimask && { multi: split(multi_masks, multi_iou_predictions) }),
  };
}
