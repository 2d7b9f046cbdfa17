import { Target } from "../../lib/pipeline/target.ts";
import type { Decoder, ModelGeometry } from "../../lib/pipeline/types.ts";
import { geometryWith } from "./geometry.ts";

/** Side of the image, and of its low-res masks, pixels. */
export const SIDE = 16;
const embedding = {
  model: "",
  image: { width: SIDE, height: SIDE },
  tensors: { image_embeddings: { dims: [0], data: new Float32Array() } },
};

/** An image of one pixel a logit, decoded by a decoder of the test, of a model of this geometry but for what is given. */
export function targetOf(
  decoder: Decoder,
  given: Partial<ModelGeometry> = {},
): Target {
  const size = { size: SIDE, channels: 1, grid: 4, lowResMask: SIDE };
  return new Target(embedding, decoder, geometryWith({ ...size, ...given }));
}
