import { withArena } from "./kernels.ts";

/** Patches that the kernel works on together, and rows. */
const LANES = 16;
const ROWS = 3;

/**
 * The largest cosine similarity of each row with any of the listed patches, in float32: off by (C + 16) 2⁻²³ at most.
 * A patch without direction has the similarity 0.
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
  // To pick many takes longer than to work on all.
  const isPicked = 2 * within.length < patches;
  const columns = isPicked ? within.length : patches;
  const padded = Math.ceil(columns / LANES) * LANES;
  // Rows a power of two apart would share few cache lines.
  const stride = padded + LANES;
  const table = Math.ceil(count / ROWS) * ROWS;
  return withArena((arena) => {
    const data = arena.take(4 * channels * stride);
    const origin = arena.put(new Float32Array(channels));
    const weights = arena.put(rows, table * channels);
    const pack = arena.take(4 * channels * LANES);
    const out = arena.take(4 * (table + 1) * padded);
    const copy = arena.floats(data, channels * stride);
    for (let c = 0; c < channels; c++) {
      const [from, to] = [c * patches, c * stride];
      if (isPicked) {
        for (let i = 0; i < columns; i++) {
          copy[to + i] = embedding[from + within[i]];
        }
      } else copy.set(embedding.subarray(from, from + patches), to);
      copy.fill(0, to + columns, to + padded);
    }
    arena.kernels.movedDots(
      data,
      channels,
      padded,
      stride,
      origin,
      weights,
      table,
      pack,
      out,
    );
    const line = (i: number) => arena.floats(out + 4 * i * padded, columns);
    const inverse = line(table)
      .map((square) => square > 0 ? 1 / Math.sqrt(square) : 0);
    return Array.from({ length: count }, (_, i) => {
      const dots = line(i);
      let most = -1;
      for (let k = 0; k < within.length; k++) {
        const p = isPicked ? k : within[k];
        const cosine = dots[p] * inverse[p];
        if (cosine > most) most = cosine;
      }
      return Math.min(most, 1);
    });
  });
}
