import { type Arena, roundUp } from "./kernels.ts";

/** Patches that the kernels process together. */
export const LANES = 16;
/** Rows that `movedDots` processes together. */
const ROWS = 3;

/** Patches in an arena, channels × columns. */
export interface LaidPatches {
  /** Address of the values, float32. */
  data: number;
  /** Patches. */
  columns: number;
  /** Patches of a row with the zeros after them. */
  padded: number;
  /** Values from the start of one row to that of the next. */
  stride: number;
}

/**
 * Copies an embedding's patches into an arena.
 *
 * @param embedding channels × patches, row-major: the encoder's [1, C, g, g].
 * @param within the patches to copy, in this order; all by default.
 */
export function layPatches(
  arena: Arena,
  embedding: Float32Array,
  channels: number,
  within?: Int32Array,
): LaidPatches {
  const patches = embedding.length / channels;
  const columns = within?.length ?? patches;
  const padded = roundUp(columns, LANES);
  // Rows a power of two apart would compete for the same cache lines.
  const stride = padded + LANES;
  const data = arena.take(4 * channels * stride);
  const copy = arena.floats(data, channels * stride);
  for (let c = 0; c < channels; c++) {
    const [from, to] = [c * patches, c * stride];
    if (within === undefined) {
      copy.set(embedding.subarray(from, from + patches), to);
    } else {
      for (let i = 0; i < columns; i++) {
        copy[to + i] = embedding[from + within[i]];
      }
    }
    copy.fill(0, to + columns, to + padded);
  }
  return { data, columns, padded, stride };
}

/**
 * Float32 dot products of every patch, less an origin, with rows of weights and with itself.
 *
 * @param origin channels.
 * @param rows count × channels, row-major.
 * @returns views, valid until the next `take`: one value for each patch.
 */
export function movedDots(
  arena: Arena,
  { data, columns, padded, stride }: LaidPatches,
  origin: Float32Array,
  rows: Float32Array,
): { dots(row: number): Float32Array; squares(): Float32Array } {
  const channels = origin.length;
  const count = roundUp(rows.length / channels, ROWS);
  const centre = arena.put(origin);
  const weights = arena.put(rows, count * channels);
  const pack = arena.take(4 * channels * LANES);
  const out = arena.take(4 * (count + 1) * padded);
  arena.kernels.movedDots(
    data,
    channels,
    padded,
    stride,
    centre,
    weights,
    count,
    pack,
    out,
  );
  const dots = (row: number) => arena.floats(out + 4 * row * padded, columns);
  return { dots, squares: () => dots(count) };
}
