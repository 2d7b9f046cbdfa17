import type { Target } from "./target.ts";
import type { Box, Point } from "../core/geometry.ts";
import type {
  DecoderAnswer,
  DecoderOutput,
  DecoderPrompt,
  Guidance,
} from "./types.ts";

/** The prompt of one pass: coordinates in image space, `mask` as low-res logits. */
interface PassPrompt
  extends Pick<DecoderPrompt, "guidance" | "multimask" | "matchMaps"> {
  points: Point[];
  box?: Box | undefined;
  mask?: Float32Array | undefined;
}

/** Decodes one prompt. */
export function decodeOnce(
  { decoder, embedding, coordinates }: Target,
  { points, box, mask, ...options }: PassPrompt,
): Promise<DecoderAnswer> {
  const { coords, labels } = coordinates.toDecoder(points, box);
  return decoder.decode(embedding.tensors, {
    coords,
    labels,
    mask: mask ?? null,
    ...options,
  });
}

/** How many passes the method decodes in. */
export const PASSES = 3;

export interface CascadeOptions {
  /** {@linkcode PASSES} unless a baseline wants fewer. */
  passes?: number | undefined;
  /** Guides the first pass; the later ones then take the best multimask output. */
  guidance?: Guidance | undefined;
  /** Low-res logits that the first pass is given. */
  mask?: Float32Array | undefined;
  /** What the references say of every patch; every pass is given it. */
  matchMaps?: Float32Array | undefined;
  /** Takes the output of every pass, in order; the last is the answer. */
  onPass?: (output: DecoderOutput) => void;
}

/**
 * The three-pass cascade (paper, section 3.2; after PerSAM): the points; the points and the logits of the first pass;
 * the points, the box of the second mask and its logits. An empty mask has no box. A box that is given replaces that
 * one and prompts every pass.
 */
export async function cascade(
  target: Target,
  { points, box }: Pick<PassPrompt, "points" | "box">,
  { passes = PASSES, guidance, mask, matchMaps, onPass }: CascadeOptions = {},
): Promise<DecoderOutput> {
  const pass = async (more: Omit<PassPrompt, "points" | "box">) => {
    const prompt = { points, box, matchMaps, ...more };
    const output = best(await decodeOnce(target, prompt));
    onPass?.(output);
    return output;
  };
  const multimask = guidance !== undefined;
  let output = await pass({ guidance, mask });
  if (passes > 1) output = await pass({ mask: output.logits, multimask });
  if (passes > 2) {
    box ??= target.coordinates.toBox(output.logits) ?? undefined;
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
