import { dice } from "../core/mask.ts";
import type { DecoderOutput } from "./types.ts";

/**
 * How far the candidates agree: the mean Dice of their low-res masks with the winner's, its own among them. Each part
 * count prompts the decoder with other points, which lead to one mask where the structure is clear, as the members of an
 * ensemble agree where they are right (Lakshminarayanan et al., arXiv 1612.01474).
 *
 * @param candidates at least one, the winner among them.
 * @returns 0..1.
 */
export function agreement(
  winner: DecoderOutput,
  candidates: DecoderOutput[],
): number {
  const sum = candidates.reduce(
    (sum, { logits }) => sum + dice(winner.logits, logits),
    0,
  );
  return sum / candidates.length;
}
