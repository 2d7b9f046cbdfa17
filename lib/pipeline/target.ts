import { pickPatches } from "../numerics/patches.ts";
import type { Mask } from "../core/mask.ts";
import { Coordinates } from "./coordinates.ts";
import { maskedPatches, type PatchSource } from "./retrieve.ts";
import type { Decoder, Embedding, ModelGeometry } from "./types.ts";

/** One image to be worked on: its embedding, its coordinates, and the decoder that draws masks on it. */
export class Target implements PatchSource {
  readonly coordinates: Coordinates;
  /** The embedding's patches, channels × (g · g), row-major. */
  readonly patches: Float32Array;

  readonly channels: number;

  /** @param embedding made by the encoder of `model`. */
  constructor(
    readonly embedding: Embedding,
    readonly decoder: Decoder,
    readonly model: ModelGeometry,
  ) {
    this.channels = model.channels;
    this.coordinates = new Coordinates(embedding.image, model);
    this.patches = embedding.tensors.image_embeddings!.data;
  }

  /** The listed patches, ascending `y · g + x`, as rows of C values, raw. */
  pick(patches: Int32Array): Float32Array {
    return pickPatches(this.patches, this.channels, patches);
  }

  /** The patches that low-res logits hold, ascending. */
  held(logits: Float32Array): Int32Array {
    return maskedPatches(logits, this.model);
  }

  /** The mask of low-res logits, in image space. */
  toMask(logits: Float32Array): Mask {
    return this.coordinates.toMask(logits);
  }
}
