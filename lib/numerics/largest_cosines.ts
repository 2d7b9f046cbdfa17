import { withArena } from "./kernels.ts";
import { layPatches, movedDots } from "./moved_dots.ts";

/**
 * The largest cosine similarity of each row with any of the listed patches, in float32, with an error of at most
 * (C + 16) 2⁻²³. A zero patch has similarity 0.
 *
 * @param embedding channels × patches, row-major: the encoder's [1, C, g, g].
 * @param rows count × channels, row-major, of norm 1.
 * @param within ascending, at least one patch.
 */
export function largestCosines(
  embedding: Float32Array,
  channels: number,
  rows: Float32Array,
  within: Int32Array,
): number[] {
  const patches = embedding.length / channels;
  const count = rows.length / channels;
  // Copying many columns one by one takes longer than processing all.
  const isPicked = 2 * within.length < patches;
  return withArena((arena) => {
    const picked = isPicked ? within : undefined;
    const laid = layPatches(arena, embedding, channels, picked);
    const origin = new Float32Array(channels);
    const { dots, squares } = movedDots(arena, laid, origin, rows);
    const inverse = squares()
      .map((square) => square > 0 ? 1 / Math.sqrt(square) : 0);
    return Array.from({ length: count }, (_, i) => {
      const map = dots(i);
      let most = -1;
      for (let k = 0; k < within.length; k++) {
        const p = isPicked ? k : within[k];
        const cosine = map[p] * inverse[p];
        if (cosine > most) most = cosine;
      }
      return Math.min(most, 1);
    });
  });
}
