import { withArena } from "./kernels.ts";
import { LANES, layPatches, movedDots } from "./moved_dots.ts";

/**
 * Cosine similarity of prototypes with every patch (paper, section 3.2).
 *
 * @param embedding channels × patches, row-major: the encoder's [1, C, g, g].
 * @param prototypes count × channels, row-major, rows of norm 1.
 * @returns a map for each prototype: one value per patch, in [-1, 1], float64, row-major g × g.
 */
export function cosineMaps(
  embedding: Float32Array,
  channels: number,
  prototypes: Float32Array,
): Float64Array[] {
  const count = prototypes.length / channels;
  return withArena((arena) => {
    const laid = layPatches(arena, embedding, channels);
    const { data, columns, padded, stride } = laid;
    const weights = arena.take(8 * prototypes.length);
    const unit = arena.take(8 * channels * LANES);
    const out = arena.take(8 * count * padded);
    arena.doubles(weights, prototypes.length).set(prototypes);
    arena.kernels.cosineMaps(
      data,
      channels,
      padded,
      stride,
      weights,
      count,
      unit,
      out,
    );
    const maps = arena.doubles(out, count * padded);
    return Array.from(
      { length: count },
      (_, i) => maps.slice(i * padded, i * padded + columns),
    );
  });
}

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
