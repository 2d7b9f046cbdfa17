import type { Frame } from "./coordinates.ts";
import type { Box, Point } from "../core/geometry.ts";
import type {
  Decoder,
  DecoderAnswer,
  DecoderOutput,
  DecoderPrompt,
  Embedding,
  Guidance,
  ModelGeometry,
} from "./types.ts";

/** A prompt of one pass: coordinates in the image frame, `mask` as low-res logits. */
interface PassPrompt extends Pick<DecoderPrompt, "guidance" | "multimask"> {
  points: Point[];
  box?: Box;
  mask?: Float32Array;
}

/** Decodes one prompt. */
export function decodeOnce(
  decoder: Decoder,
  embedding: Embedding,
  frame: Frame,
  { points, box, mask, ...options }: PassPrompt,
): Promise<DecoderAnswer> {
  const { coords, labels } = frame.toDecoder(points, box);
  return decoder.decode(embedding.tensors, {
    coords,
    labels,
    mask: mask ?? null,
    ...options,
  });
}

/** Passes of the method. */
export const PASSES = 3;

export interface CascadeOptions {
  /** {@linkcode PASSES} for the method; fewer for baselines. */
  passes?: number;
  /** Guides the first pass; the later ones then take the best multimask output. */
  guidance?: Guidance;
  /** Told the output of every pass, in order; the last is the answer. */
  onPass?: (output: DecoderOutput) => void;
}

/**
 * The three-pass cascade (paper, section 3.2; after PerSAM): points; points and the logits
 * before; points, the box of that mask and its logits. An empty mask skips the box; a box that is
 * given takes its place, in every pass.
 */
export async function cascade(
  decoder: Decoder,
  embedding: Embedding,
  frame: Frame,
  model: ModelGeometry,
  { points, box }: Pick<PassPrompt, "points" | "box">,
  { passes = PASSES, guidance, onPass }: CascadeOptions = {},
): Promise<DecoderOutput> {
  const pass = async (more: Omit<PassPrompt, "points" | "box">) => {
    const prompt = { points, box, ...more };
    const output = best(await decodeOnce(decoder, embedding, frame, prompt));
    onPass?.(output);
    return output;
  };
  const multimask = guidance !== undefined;
  let output = await pass({ guidance });
  if (passes > 1) output = await pass({ mask: output.logits, multimask });
  if (passes > 2) {
    box ??= frame.toBox(output.logits, model.lowResMask) ?? undefined;
    output = await pass({ mask: output.logits, multimask });
  }
  return output;
}

/** The multimask output of the best predicted IoU, the earliest among equals; else the single mask. */
function best({ logits, predictedIou, multi }: DecoderAnswer): DecoderOutput {
  return multi?.reduce((first, next) =>
    next.predictedIou > first.predictedIou ? next : first
  ) ?? { logits, predictedIou };
}
