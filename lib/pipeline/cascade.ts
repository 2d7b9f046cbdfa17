import type { Frame } from "./frame.ts";
import type {
  Box,
  Decoder,
  DecoderOutput,
  Embedding,
  ModelGeometry,
  Point,
} from "./types.ts";

/** Decodes one prompt; coordinates in the image frame, `mask` as low-res logits. */
export function decodeOnce(
  decoder: Decoder,
  embedding: Embedding,
  frame: Frame,
  prompt: { points: Point[]; box?: Box; mask?: Float32Array },
): Promise<DecoderOutput> {
  const { coords, labels } = frame.toDecoder(prompt.points, prompt.box);
  return decoder.decode(embedding.tensors, {
    coords,
    labels,
    mask: prompt.mask ?? null,
  });
}

/**
 * The three-pass cascade (paper, section 3.2; after PerSAM): points; points and the logits before;
 * points, the box of that mask and its logits. An empty mask skips the box.
 *
 * @param passes 3 for the method; fewer for baselines.
 */
export async function cascade(
  decoder: Decoder,
  embedding: Embedding,
  frame: Frame,
  model: ModelGeometry,
  points: Point[],
  passes = 3,
): Promise<DecoderOutput> {
  let output = await decodeOnce(decoder, embedding, frame, { points });
  if (passes > 1) {
    output = await decodeOnce(decoder, embedding, frame, {
      points,
      mask: output.logits,
    });
  }
  if (passes > 2) {
    const box = frame.toBox(output.logits, model.lowResMask) ?? undefined;
    output = await decodeOnce(decoder, embedding, frame, {
      points,
      box,
      mask: output.logits,
    });
  }
  return output;
}
