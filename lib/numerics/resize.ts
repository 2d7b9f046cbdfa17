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
 * @param channels 1 or 3.
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
    rows = resizeRows(source, width, height, channels, taps(width, toWidth));
  }
  if (toHeight === height) return rows === source ? source.slice() : rows;
  return resizeColumns(rows, toWidth * channels, taps(height, toHeight));
}

/**
 * Some rows and columns of `resizeAntialiased` of one channel, without the rest.
 *
 * @param rows, columns ascending indices of the output.
 * @returns rows × columns, row-major, uint8.
 */
export function sampleAntialiased(
  source: Uint8Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
  rows: Int32Array,
  columns: Int32Array,
): Uint8Array {
  const down = taps(height, toHeight);
  // Of the input, the rows that the wanted ones rest on.
  const place = new Int32Array(height).fill(-1);
  const needed: number[] = [];
  for (const y of rows) {
    const first = toHeight === height ? y : down.first[y];
    const end = toHeight === height ? y + 1 : first + down.count[y];
    for (let k = first; k < end; k++) {
      if (place[k] < 0) place[k] = needed.push(k) - 1;
    }
  }
  const across = taps(width, toWidth);
  const middle = new Uint8Array(needed.length * columns.length);
  for (let i = 0, at = 0; i < needed.length; i++) {
    const row = needed[i] * width;
    for (const x of columns) {
      if (toWidth === width) {
        middle[at++] = source[row + x];
        continue;
      }
      const first = row + across.first[x];
      const weights = x * across.support;
      let sum = HALF;
      for (let k = 0; k < across.count[x]; k++) {
        sum += source[first + k] * across.weights[weights + k];
      }
      middle[at++] = clip8(sum);
    }
  }
  const out = new Uint8Array(rows.length * columns.length);
  for (let i = 0, at = 0; i < rows.length; i++) {
    const y = rows[i];
    for (let j = 0; j < columns.length; j++) {
      if (toHeight === height) {
        out[at++] = middle[place[y] * columns.length + j];
        continue;
      }
      let sum = HALF;
      for (let k = 0; k < down.count[y]; k++) {
        sum += middle[place[down.first[y] + k] * columns.length + j] *
          down.weights[y * down.support + k];
      }
      out[at++] = clip8(sum);
    }
  }
  return out;
}

function resizeRows(
  source: Uint8Array,
  width: number,
  height: number,
  channels: number,
  { first, count, weights, support }: Taps,
): Uint8Array {
  const toWidth = first.length;
  const out = new Uint8Array(height * toWidth * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < toWidth; x++) {
      const end = x * support + count[x];
      let at = (row + first[x]) * channels;
      if (channels === 3) {
        let [r, g, b] = [HALF, HALF, HALF];
        for (let w = x * support; w < end; w++, at += 3) {
          const weight = weights[w];
          r += source[at] * weight;
          g += source[at + 1] * weight;
          b += source[at + 2] * weight;
        }
        out[to] = clip8(r);
        out[to + 1] = clip8(g);
        out[to + 2] = clip8(b);
        to += 3;
        continue;
      }
      let sum = HALF;
      for (let w = x * support; w < end; w++) sum += source[at++] * weights[w];
      out[to++] = clip8(sum);
    }
  }
  return out;
}

function resizeColumns(
  rows: Uint8Array,
  stride: number,
  { first, count, weights, support }: Taps,
): Uint8Array {
  const out = new Uint8Array(first.length * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < count[y]; k++) {
      const weight = weights[y * support + k];
      const row = rows.subarray(
        (first[y] + k) * stride,
        (first[y] + k + 1) * stride,
      );
      for (let i = 0; i < stride; i++) sums[i] += row[i] * weight;
    }
    for (let i = 0, to = y * stride; i < stride; i++, to++) {
      out[to] = clip8(sums[i]);
    }
  }
  return out;
}
