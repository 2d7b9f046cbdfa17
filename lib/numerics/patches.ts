/**
 * An embedding as a list of patches.
 *
 * @param embedding channels × (grid · grid), row-major: the encoder's [1, C, g, g].
 * @returns (grid · grid) × channels, row-major; patch `y · g + x`.
 */
export function toPatches(
  embedding: Float32Array,
  channels: number,
): Float32Array {
  const count = embedding.length / channels;
  const patches = new Float32Array(embedding.length);
  // A cache line's worth of patches at a time.
  for (let first = 0; first < count; first += 16) {
    const end = Math.min(count, first + 16);
    for (let c = 0; c < channels; c++) {
      for (let p = first; p < end; p++) {
        patches[p * channels + c] = embedding[c * count + p];
      }
    }
  }
  return patches;
}

/** The listed rows of a patch list, in the order of `indices`. */
export function gatherPatches(
  patches: Float32Array,
  channels: number,
  indices: Int32Array,
): Float32Array {
  const out = new Float32Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * channels;
    out.set(patches.subarray(from, from + channels), i * channels);
  }
  return out;
}

/** Each row divided by its Euclidean norm, float64; a zero row stays zero. */
export function normaliseRows(
  rows: Float32Array | Float64Array,
  channels: number,
): Float64Array {
  const out = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += channels) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += rows[from + c] * rows[from + c];
    const scale = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let c = 0; c < channels; c++) out[from + c] = rows[from + c] * scale;
  }
  return out;
}
