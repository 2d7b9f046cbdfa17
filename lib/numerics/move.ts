/** The mean of rows, float64. */
export function meanRow(
  points: Float32Array,
  count: number,
  dim: number,
): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = 0, at = 0; i < count; i++) {
    for (let d = 0; d < dim; d++, at++) mean[d] += points[at];
  }
  return mean.map((sum) => sum / count);
}

/** Rows less an origin, rounded to float32. */
export function moveRows(
  points: Float32Array | Float64Array,
  origin: Float64Array,
): Float32Array {
  const dim = origin.length;
  const out = new Float32Array(points.length);
  for (let at = 0; at < points.length;) {
    for (let d = 0; d < dim; d++, at++) out[at] = points[at] - origin[d];
  }
  return out;
}
