import { withArena } from "./kernels.ts";

/** Patches that the kernel works on together. */
const LANES = 16;

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
  const patches = embedding.length / channels;
  const count = prototypes.length / channels;
  const padded = Math.ceil(patches / LANES) * LANES;
  return withArena((arena) => {
    const data = arena.take(4 * channels * padded);
    const weights = arena.take(8 * prototypes.length);
    const unit = arena.take(8 * channels * LANES);
    const out = arena.take(8 * count * padded);
    const copy = arena.floats(data, channels * padded);
    if (padded === patches) copy.set(embedding);
    else {
      copy.fill(0);
      for (let c = 0; c < channels; c++) {
        const row = embedding.subarray(c * patches, (c + 1) * patches);
        copy.set(row, c * padded);
      }
    }
    arena.doubles(weights, prototypes.length).set(prototypes);
    arena.kernels.cosineMaps(
      data,
      channels,
      padded,
      padded,
      weights,
      count,
      unit,
      out,
    );
    const maps = arena.doubles(out, count * padded);
    return Array.from(
      { length: count },
      (_, i) => maps.slice(i * padded, i * padded + patches),
    );
  });
}
