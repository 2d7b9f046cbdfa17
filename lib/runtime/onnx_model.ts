import type { ModelPackage } from "../model/package.ts";
import type {
  Decoder,
  DecoderPrompt,
  Encoder,
  Tensor,
} from "../pipeline/types.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Encoder and decoder of a model package on a runtime, both run once on zeros so that the first request
 * is not the slow one.
 */
export async function createOnnxModel(
  { encoder, decoder, geometry }: ModelPackage,
  runtime: Runtime,
): Promise<{ encoder: Encoder; decoder: Decoder }> {
  const encoderSession = await runtime.open(encoder);
  const decoderSession = await runtime.open(decoder);
  const side = geometry.lowResMask;
  const noMask = new Float32Array(side * side);

  const model = {
    encoder: {
      async encode(input: Float32Array): Promise<Record<string, Tensor>> {
        const { size } = geometry;
        const [name] = encoderSession.inputNames;
        const image = { data: input, dims: [1, 3, size, size] };
        return await encoderSession.run({ [name]: image });
      },
    },
    decoder: {
      async decode(tensors: Record<string, Tensor>, prompt: DecoderPrompt) {
        const { coords, labels, mask } = prompt;
        const hasMask = Float32Array.of(mask === null ? 0 : 1);
        const { low_res_masks, iou_predictions } = await decoderSession.run({
          ...tensors,
          point_coords: { data: coords, dims: [1, labels.length, 2] },
          point_labels: { data: labels, dims: [1, labels.length] },
          mask_input: { data: mask ?? noMask, dims: [1, 1, side, side] },
          has_mask_input: { data: hasMask, dims: [1] },
        });
        return {
          logits: low_res_masks.data,
          predictedIou: iou_predictions.data[0],
        };
      },
    },
  };
  const warm = await model.encoder.encode(
    new Float32Array(3 * geometry.size ** 2),
  );
  await model.decoder.decode(warm, {
    coords: new Float32Array(4),
    labels: Float32Array.of(1, -1),
    mask: null,
  });
  return model;
}
