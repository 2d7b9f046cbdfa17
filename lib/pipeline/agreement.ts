import type { DecoderOutput } from "./types.ts";

/** 2 |A ∩ B| / (|A| + |B|) of the values above 0; 1 when there are none in either. */
export function dice(
  a: Float32Array | Uint8Array,
  b: Float32Array | Uint8Array,
): number {
  let both = 0, sum = 0;
  for (let i = 0; i < a.length; i++) {
    const inA = a[i] > 0 ? 1 : 0, inB = b[i] > 0 ? 1 : 0;
    both += inA & inB;
    sum += inA + inB;
  }
  return sum === 0 ? 1 : 2 * both / sum;
}

/**
 * How far the candidates tell the same: the mean Dice of their low-res masks with the winner's, its own among them.
 * Each part count prompts the decoder with other points; where the structure is clear they lead to one mask (as members
 * of an ensemble agree where they are right; Lakshminarayanan et al., arXiv 1612.01474).
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
