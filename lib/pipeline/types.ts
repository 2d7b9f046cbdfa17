import type { Similarity } from "./calibration_range.ts";
import type { Size } from "../core/geometry.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Warning } from "../core/warnings.ts";

/**
 * What an encoder makes of one image: a named bundle of tensors, `image_embeddings` of shape
 * [1, C, g, g] among them. Values are float32 that float16 holds exactly, so that a stored embedding
 * and a fresh one give the same answer.
 */
export interface Embedding {
  /** Digest of the model that made it. */
  model: string;
  /** The image space: pixels of the file after EXIF rotation. */
  image: Size;
  tensors: Record<string, Tensor>;
  /** Doubts about the file of the image; absent where there are none. */
  warnings?: Warning[] | undefined;
}

/** The numbers of a model that the method needs. */
export interface ModelGeometry {
  /** Digest of the model package, hex. */
  digest: string;
  /** S: side of the square model space in pixels. */
  size: number;
  /** Per-channel mean and standard deviation, RGB, on the 0..255 scale. */
  mean: number[];
  std: number[];
  /** C: length of a patch. */
  channels: number;
  /** g: patches along one side. */
  grid: number;
  /** Side of the decoder's square logits. */
  lowResMask: number;
  /** Names, ascending, and shapes of the tensors of an embedding. */
  tensors: Record<string, number[]>;
  /** Whether the decoder takes a guidance and gives the multimask outputs: what the natural recipe needs. */
  guided: boolean;
  /** Whether the decoder takes match maps. */
  matched: boolean;
  /** How the IoU is read that the decoder predicts with match maps; null without them. */
  calibration: ScoreCalibration | null;
}

/** What a predicted IoU of dense matching says, fitted on images that the model was not trained on. */
export interface ScoreCalibration {
  /** From where on a structure is called present. */
  threshold: number;
  /** The chance that Dice is at least 0.7 is the logistic function of `slope · logit(IoU) + offset`. */
  slope: number;
  offset: number;
  /** How presence is scored; without it, the score is the predicted IoU. */
  presence?: PresenceWeights | undefined;
}

/**
 * The chance that an answer shows the structure of its reference: the logistic function of
 * `offset + rating · logit(IoU) + structure · s + surroundings · u`, where s and u are the similarities, cosines.
 */
export interface PresenceWeights extends Similarity {
  offset: number;
  rating: number;
  /** Similarities that stand for those of a reference without surroundings. */
  typical: Similarity;
}

/** What PerSAM (arXiv 2305.03048, "Training-free PerSAM") adds to a prompt. */
export interface Guidance {
  /** Target-guided attention: g × g, row-major, added to the token-to-image attention after its softmax. */
  similarity: Float32Array;
  /** Target-semantic prompting: the mean foreground patch, C, added to every token. */
  target: Float32Array;
}

/** What a decoder is asked, in model space. */
export interface DecoderPrompt {
  /** x, y pairs in pixels of model space. */
  coords: Float32Array;
  /** 1 inside, 0 outside, 2 and 3 the top-left and bottom-right corners of a box. */
  labels: Float32Array;
  /** Low-res logits of the pass before, lowResMask², or null. */
  mask: Float32Array | null;
  guidance?: Guidance | undefined;
  /** Match maps, 4 × g × g, for a decoder that takes them. */
  matchMaps?: Float32Array | undefined;
  /** Whether the multimask outputs are wanted too. */
  multimask?: boolean;
}

/** A mask that a decoder answers. */
export interface DecoderOutput {
  /** lowResMask × lowResMask, row-major, over the whole padded model space; > 0 is inside. */
  logits: Float32Array;
  /** The decoder's own estimate of its IoU. */
  predictedIou: number;
}

/** The single-mask output, and the multimask outputs where they were asked for. */
export interface DecoderAnswer extends DecoderOutput {
  /**
   * With match maps, the decoder's estimate of the IoU of the mask that it was given with the structure that the maps
   * speak of; it says nothing without a mask.
   */
  rating?: number | undefined;
  multi?: DecoderOutput[];
}

/** Turns normalised, padded images [3, S, S] into embedding tensors. */
export interface Encoder {
  /** Whether several images take one run of the model. */
  readonly batches: boolean;
  /** The tensors of each image, every one with a first axis of 1. */
  encode(images: Float32Array[]): Promise<Record<string, Tensor>[]>;
}

/** Turns an embedding and a prompt into masks. */
export interface Decoder {
  decode(
    tensors: Record<string, Tensor>,
    prompt: DecoderPrompt,
  ): Promise<DecoderAnswer>;
}
