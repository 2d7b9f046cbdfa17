import { withArena } from "./kernels.ts";
import { LANES, layPatches } from "./moved_dots.ts";

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
