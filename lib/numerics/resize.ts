/** Fractional bits of the fixed-point filter weights, as Pillow uses for 8-bit channels. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** For every output index: first input index, and `support` weights that start at `out * support`. */
interface Taps {
  first: Int32Array;
  count: Int32Array;
  weights: Int32Array;
  support: number;
}

function taps(from: number, to: number): Taps {
  const scale = from / to;
  const width = Math.max(scale, 1);
  const support = Math.ceil(width) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * support);
  const raw = new Float64Array(support);
  for (let out = 0; out < to; out++) {
    const centre = (out + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - width + 0.5));
    const high = Math.min(from, Math.trunc(centre + width + 0.5));
    let total = 0;
    for (let k = 0; k < high - low; k++) {
      const distance = Math.abs((k + low - centre + 0.5) / width);
      raw[k] = distance < 1 ? 1 - distance : 0;
      total += raw[k];
    }
    for (let k = 0; k < high - low; k++) {
      weights[out * support + k] = Math.trunc(
        0.5 + raw[k] / total * (1 << PRECISION_BITS),
      );
    }
    first[out] = low;
    count[out] = high - low;
  }
  return { first, count, weights, support };
}

function clip8(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Antialiased bilinear (triangle filter) resize, equal to Pillow's `Image.resize(size, BILINEAR)` on
 * 8-bit channels: same taps, same fixed-point weights, same rounding after each of the two passes
 * (horizontal, then vertical; where Pillow takes a tall picture vertically first, within 1 grey level).
 *
 * @param source height × width × channels, row-major, uint8.
 * @returns toHeight × toWidth × channels, row-major, uint8.
 */
export function resizeAntialiased(
  source: Uint8Array,
  width: number,
  height: number,
  channels: number,
  toWidth: number,
  toHeight: number,
): Uint8Array {
  let rows = source;
  if (toWidth !== width) {
    const { first, count, weights, support } = taps(width, toWidth);
    rows = new Uint8Array(height * toWidth * channels);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < toWidth; x++) {
        for (let c = 0; c < channels; c++) {
          let sum = HALF;
          let at = (y * width + first[x]) * channels + c;
          for (
            let k = 0, w = x * support;
            k < count[x];
            k++, w++, at += channels
          ) {
            sum += source[at] * weights[w];
          }
          rows[(y * toWidth + x) * channels + c] = clip8(sum);
        }
      }
    }
  }
  if (toHeight === height) return rows === source ? source.slice() : rows;
  const { first, count, weights, support } = taps(height, toHeight);
  const stride = toWidth * channels;
  const out = new Uint8Array(toHeight * stride);
  for (let y = 0; y < toHeight; y++) {
    for (let i = 0; i < stride; i++) {
      let sum = HALF;
      let at = first[y] * stride + i;
      for (let k = 0, w = y * support; k < count[y]; k++, w++, at += stride) {
        sum += rows[at] * weights[w];
      }
      out[y * stride + i] = clip8(sum);
    }
  }
  return out;
}
