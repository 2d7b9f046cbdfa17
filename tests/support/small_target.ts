import { Target } from "../../lib/pipeline/target.ts";
import type { Decoder } from "../../lib/pipeline/types.ts";
import { geometryWith } from "./geometry.ts";

/** Side of the image, and of its low-res masks, pixels. */
export const SIDE = 16;
const model = geometryWith({
  size: SIDE,
  channels: 1,
  grid: 4,
  lowResMask: SIDE,
});
const embedding = {
  model: "",
  image: { width: SIDE, height: SIDE },
  tensors: { image_embeddings: { dims: [0], data: new Float32Array() } },
};

/** An image of one pixel a logit, decoded by a decoder of the test. */
export const targetOf = (decoder: Decoder) =>
  new Target(embedding, decoder, model);
