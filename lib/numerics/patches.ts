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

/**
 * The listed patches of an embedding, as rows.
 *
 * @param embedding channels × (grid · grid), row-major.
 * @param indices ascending.
 * @returns as `gatherPatches(toPatches(embedding), …)`.
 */
export function pickPatches(
  embedding: Float32Array,
  channels: number,
  indices: Int32Array,
): Float32Array {
  const count = embedding.length / channels;
  const out = new Float32Array(indices.length * channels);
  // A cache line's worth of channels at a time.
  for (let c = 0; c < channels; c += 16) {
    const end = Math.min(channels, c + 16);
    for (let i = 0; i < indices.length; i++) {
      const row = i * channels;
      let from = c * count + indices[i];
      for (let k = c; k < end; k++, from += count) {
        out[row + k] = embedding[from];
      }
    }
  }
  return out;
}

/** Channels summed at a time, to keep as many independent additions in flight. */
const TOGETHER = 8;

/** The mean of the listed patches of an embedding, float64, summed patch after patch; at least one must be listed. */
export function meanOfPatches(
  embedding: Float32Array,
  channels: number,
  indices: Int32Array,
): Float64Array {
  const count = embedding.length / channels;
  const mean = new Float64Array(channels);
  for (let c = 0; c < channels; c += TOGETHER) {
    // Channels beyond the last repeat it.
    const row = (k: number) => Math.min(c + k, channels - 1) * count;
    const [r0, r1, r2, r3] = [row(0), row(1), row(2), row(3)];
    const [r4, r5, r6, r7] = [row(4), row(5), row(6), row(7)];
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    for (let i = 0; i < indices.length; i++) {
      const p = indices[i];
      s0 += embedding[r0 + p];
      s1 += embedding[r1 + p];
      s2 += embedding[r2 + p];
      s3 += embedding[r3 + p];
      s4 += embedding[r4 + p];
      s5 += embedding[r5 + p];
      s6 += embedding[r6 + p];
      s7 += embedding[r7 + p];
    }
    const sums = [s0, s1, s2, s3, s4, s5, s6, s7];
    for (let k = 0; k < TOGETHER && c + k < channels; k++) {
      mean[c + k] = sums[k] / indices.length;
    }
  }
  return mean;
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

/** Each row divided by its Euclidean norm, rounded to float32; a zero row stays zero. */
export function unitRows(
  rows: Float32Array | Float64Array,
  channels: number,
): Float32Array {
  return Float32Array.from(normaliseRows(rows, channels));
}
