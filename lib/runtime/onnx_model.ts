import {
  MATCH_INPUT,
  MATCH_OUTPUT,
  type ModelPackage,
} from "../model/package.ts";
import { MATCH_MAPS } from "../pipeline/match_maps.ts";
import type {
  Decoder,
  DecoderAnswer,
  DecoderPrompt,
  Encoder,
  ModelGeometry,
} from "../pipeline/types.ts";
import type { Tensor } from "../core/tensor.ts";
import {
  requireDecoderGraph,
  requireEncoded,
  requireInput,
} from "./check_graphs.ts";
import type { Runtime, Session } from "./runtime.ts";

/** Tensors by name. */
type Tensors = Record<string, Tensor>;

/**
 * Encoder and decoder of a model package on a runtime. Each that was loaded runs once on zeros, so that the first
 * request is not slow.
 *
 * @throws EdgeError `invalid-input` when a graph does not fit the manifest.
 */
export async function createOnnxModel(
  { encoder, decoder, image, geometry }: ModelPackage,
  runtime: Runtime,
): Promise<{ encoder: Encoder; decoder: Decoder }> {
  const encoderSession = encoder && await runtime.open(encoder);
  const decoderSession = decoder && await runtime.open(decoder);
  const imageSession = image && await runtime.open(image);
  const { lowResMask: side, channels, grid, guided, matched } = geometry;
  const noMask = new Float32Array(side * side);
  const unmatched = new Float32Array(MATCH_MAPS.length * grid * grid);
  const unguided = {
    similarity: new Float32Array(grid * grid),
    target: new Float32Array(channels),
  };

  const sides = new WeakMap<Tensors, Promise<Tensors>>();
  /** What the decoder takes of an embedding, computed once for all prompts. */
  const imageSide = (embedding: Tensors) => {
    if (imageSession === null) return embedding;
    const side = sides.get(embedding) ?? imageSession.run(embedding);
    sides.set(embedding, side);
    return side;
  };

  const batches = encoderSession?.batches ?? false;
  /** Encodes images [B, 3, S, S], one after the other in `data`. */
  const encode = (data: Float32Array, count: number) => {
    const session = loaded(encoderSession);
    const { size } = geometry;
    const images = { data, dims: [count, 3, size, size] };
    return session.run({ [requireInput(session)]: images });
  };

  const model = {
    encoder: {
      batches,
      async encode(images: Float32Array[]): Promise<Tensors[]> {
        if (batches && images.length > 1) {
          const { length } = images;
          return unstack(await encode(stack(images), length), length);
        }
        const encoded = [];
        for (const image of images) encoded.push(await encode(image, 1));
        return encoded;
      },
    },
    decoder: {
      async decode(
        tensors: Tensors,
        { coords, labels, mask, guidance, matchMaps, multimask = false }:
          DecoderPrompt,
      ): Promise<DecoderAnswer> {
        const feeds: Tensors = {
          ...await imageSide(tensors),
          point_coords: { data: coords, dims: [1, labels.length, 2] },
          point_labels: { data: labels, dims: [1, labels.length] },
          mask_input: { data: mask ?? noMask, dims: [1, 1, side, side] },
          has_mask_input: flag(mask !== null),
        };
        if (guided) {
          const { similarity, target } = guidance ?? unguided;
          const dims = [1, 1, grid, grid];
          feeds.attention_similarity = { data: similarity, dims };
          feeds.has_attention_similarity = flag(guidance !== undefined);
          feeds.target_embedding = { data: target, dims: [1, 1, channels] };
        }
        if (matched) {
          const dims = [1, MATCH_MAPS.length, grid, grid];
          feeds[MATCH_INPUT] = { data: matchMaps ?? unmatched, dims };
        }
        return answerOf(await loaded(decoderSession).run(feeds), multimask);
      },
    },
  };
  let embedding = blankEmbedding(geometry);
  if (encoderSession !== null) {
    const blank = new Float32Array(3 * geometry.size ** 2);
    embedding = await encode(blank, 1);
    requireEncoded(geometry, embedding);
  }
  if (decoderSession !== null) {
    requireDecoderGraph(geometry, decoderSession, imageSession);
    await model.decoder.decode(embedding, {
      coords: new Float32Array(4),
      labels: Float32Array.of(1, -1),
      mask: null,
    });
  }
  return model;
}

function loaded(session: Session | null): Session {
  if (session !== null) return session;
  throw new Error("This component of the model is not loaded.");
}

/** Arrays of one length, one after the other. */
function stack(arrays: Float32Array[]): Float32Array {
  const length = arrays[0]?.length ?? 0;
  const stacked = new Float32Array(arrays.length * length);
  arrays.forEach((array, i) => stacked.set(array, i * length));
  return stacked;
}

/** Tensors [B, …] as B bundles of tensors [1, …]. */
function unstack(batch: Tensors, count: number): Tensors[] {
  return Array.from({ length: count }, (_, i) => {
    const one = Object.entries(batch).map(([name, { dims, data }]) => {
      const length = data.length / count;
      const item = data.slice(i * length, (i + 1) * length);
      return [name, { dims: [1, ...dims.slice(1)], data: item }];
    });
    return Object.fromEntries(one);
  });
}

/** An embedding of zeros. */
function blankEmbedding({ tensors }: ModelGeometry): Tensors {
  const blank = Object.entries(tensors).map(([name, dims]) => {
    const length = dims.reduce((product, side) => product * side, 1);
    return [name, { dims, data: new Float32Array(length) }];
  });
  return Object.fromEntries(blank);
}

function flag(value: boolean): Tensor {
  return { data: Float32Array.of(value ? 1 : 0), dims: [1] };
}

/** The decoder's outputs by their names: masks are [1, K, side, side], their predicted IoU [1, K]. */
function answerOf(outputs: Tensors, multimask: boolean): DecoderAnswer {
  const split = (masks: Tensor, ious: Tensor) => {
    const size = masks.data.length / ious.data.length;
    return Array.from(ious.data, (predictedIou, i) => ({
      logits: masks.data.slice(i * size, (i + 1) * size),
      predictedIou,
    }));
  };
  const output = (name: string) => {
    const tensor = outputs[name];
    if (tensor !== undefined) return tensor;
    throw new Error(`The decoder did not give ${name}.`);
  };
  const [predictedIou] = output("iou_predictions").data;
  if (predictedIou === undefined) throw new Error("The decoder gave no IoU.");
  return {
    logits: output("low_res_masks").data,
    predictedIou,
    rating: outputs[MATCH_OUTPUT]?.data[0],
    ...(multimask && {
      multi: split(output("multi_masks"), output("multi_iou_predictions")),
    }),
  };
}
