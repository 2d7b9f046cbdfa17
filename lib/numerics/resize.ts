import { type Arena, roundUp, withArena } from "./kernels.ts";

/** Fractional bits of the fixed-point filter weights, as Pillow uses for 8-bit channels. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Rows of the input that the kernels' memory holds at a time. */
const BAND = 64;
/** Bytes past the end of a picture that the kernels read or write. */
const SLACK = 16;

/** For every output index: its first input index, and `support` weights from `out * support` on, padded with zeros. */
interface Taps {
  first: Int32Array;
  count: Int32Array;
  weights: Int32Array;
  support: number;
}

function taps(from: number, to: number): Taps {
  const scale = from / to;
  const width = Math.max(scale, 1);
  const support = roundUp(Math.ceil(width) * 2 + 1, 4);
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

/** One output value: the weighted sum of its inputs, rounded and limited to 8 bits. */
function weigh(
  { first, count, weights, support }: Taps,
  out: number,
  inputAt: (index: number) => number,
): number {
  let sum = HALF;
  for (let k = 0; k < count[out]; k++) {
    sum += inputAt(first[out] + k) * weights[out * support + k];
  }
  return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
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
  if (toWidth === width && toHeight === height) return source.slice();
  return withArena((arena) => {
    let at: number;
    if (toWidth === width) {
      at = arena.take(source.length + SLACK);
      arena.bytes(at, source.length).set(source);
    } else {
      const across = taps(width, toWidth);
      at = resizeRows(arena, source, width, height, channels, across);
    }
    const stride = toWidth * channels;
    if (toHeight !== height) {
      at = resizeColumns(arena, at, stride, taps(height, toHeight));
    }
    return arena.bytes(at, toHeight * stride).slice();
  });
}

/**
 * The values of `resizeAntialiased` at some rows and columns, of one channel, without computing the rest.
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
  // The rows of the input that the wanted ones depend on.
  const place = new Int32Array(height).fill(-1);
  const needed: number[] = [];
  for (const y of rows) {
    const end = down.first[y] + down.count[y];
    for (let k = down.first[y]; k < end; k++) {
      if (place[k] < 0) place[k] = needed.push(k) - 1;
    }
  }
  const across = taps(width, toWidth);
  const middle = new Uint8Array(needed.length * columns.length);
  let at = 0;
  for (const row of needed) {
    for (const x of columns) {
      middle[at++] = weigh(across, x, (k) => source[row * width + k]);
    }
  }
  const out = new Uint8Array(rows.length * columns.length);
  at = 0;
  for (const y of rows) {
    for (let j = 0; j < columns.length; j++) {
      const column = (k: number) => middle[place[k] * columns.length + j];
      out[at++] = weigh(down, y, column);
    }
  }
  return out;
}

/** Copies taps to where the kernels read them. */
function putTaps(arena: Arena, taps: Taps): [number, number, number, number] {
  return [
    arena.putInts(taps.first),
    arena.putInts(taps.count),
    arena.putInts(taps.weights),
    taps.support,
  ];
}

/** @returns the address of height × toWidth × channels. */
function resizeRows(
  arena: Arena,
  source: Uint8Array,
  width: number,
  height: number,
  channels: number,
  across: Taps,
): number {
  const toWidth = across.first.length;
  const out = arena.take(height * toWidth * channels + SLACK);
  const tapsAt = putTaps(arena, across);
  const band = arena.take(BAND * width * channels + SLACK);
  for (let y = 0; y < height; y += BAND) {
    const rows = Math.min(BAND, height - y);
    const from = y * width * channels;
    const bytes = rows * width * channels;
    arena.bytes(band, bytes).set(source.subarray(from, from + bytes));
    arena.kernels.resizeRows(
      band,
      rows,
      width,
      channels,
      toWidth,
      ...tapsAt,
      out + y * toWidth * channels,
    );
  }
  return out;
}

/** @returns the address of toHeight × stride. */
function resizeColumns(
  arena: Arena,
  rows: number,
  stride: number,
  down: Taps,
): number {
  const toHeight = down.first.length;
  const out = arena.take(toHeight * stride + SLACK);
  const tapsAt = putTaps(arena, down);
  arena.kernels.resizeColumns(rows, stride, toHeight, ...tapsAt, out);
  return out;
}
