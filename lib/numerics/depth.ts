/**
 * How deep every pixel of a structure (`mask` non-zero) lies: the exact squared
 * Euclidean distance to the nearest pixel outside it, H×W row-major, in square
 * pixels between pixel centres; 0 outside. All that lies beyond the image's
 * border counts as outside. For measuring; drawing uses the faster `chamfer`.
 *
 * Columns first, then the lower envelope of parabolas along every row
 * (Felzenszwalb and Huttenlocher 2012): linear in the number of pixels.
 */
export function squaredDepth(
  { width, height, data }: { width: number; height: number; data: Uint8Array },
): Int32Array {
  const out = new Int32Array(width * height);
  for (let i = 0; i < out.length; i++) {
    if (data[i] !== 0) out[i] = (i < width ? 0 : out[i - width]) + 1;
  }
  for (let i = out.length - 1; i >= 0; i--) {
    const below = i + width < out.length ? out[i + width] : 0;
    if (out[i] > below) out[i] = below + 1;
  }

  // Column u = 0 is the one before the image, width + 1 the one after it.
  const squares = new Float64Array(width + 2);
  const lowest = new Int32Array(width + 2);
  const from = new Float64Array(width + 2).fill(-Infinity, 0, 1);
  for (let row = 0; row < out.length; row += width) {
    for (let u = 1; u <= width; u++) squares[u] = out[row + u - 1] ** 2;
    let last = 0;
    for (let u = 1; u < width + 2; u++) {
      const meets = (v: number) =>
        (squares[u] + u ** 2 - squares[v] - v ** 2) / (2 * (u - v));
      while (meets(lowest[last]) <= from[last]) last--;
      from[last + 1] = meets(lowest[last]);
      lowest[++last] = u;
    }
    for (let u = 1, k = 0; u <= width; u++) {
      while (k < last && from[k + 1] < u) k++;
      out[row + u - 1] = squares[lowest[k]] + (u - lowest[k]) ** 2;
    }
  }
  return out;
}
