// Pillow's fixed-point resize of 8-bit channels: taps of an output index are its first input, how many, and `support`
// weights, int32, of which those past the last input are 0. The last row of input and of output is followed by 16 bytes
// of padding.

const PRECISION_BITS: i32 = 22;
const HALF: i32 = 1 << (PRECISION_BITS - 1);

// @ts-ignore: decorator
@inline
function widened(bytes: v128): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

/** Rows of `width` pixels of 3 or 1 channels to rows of `toWidth`. */
export function resizeRows(
  from: usize, rows: i32, width: i32, channels: i32, toWidth: i32, first: usize, count: usize, weights: usize,
  support: i32, out: usize,
): void {
  for (let y = 0; y < rows; y++) {
    let tap = weights;
    for (let x = 0; x < toWidth; x++) {
      let at = from + <usize> (load<i32>(first + (<usize> x << 2)) * channels);
      const next = tap + (<usize> support << 2), end = tap + (<usize> load<i32>(count + (<usize> x << 2)) << 2);
      if (channels == 3) {
        let sum = i32x4.splat(HALF);
        for (; tap < end; tap += 4) {
          sum = i32x4.add(sum, i32x4.mul(widened(v128.load32_zero(at)), v128.load32_splat(tap)));
          at += 3;
        }
        const words = i16x8.narrow_i32x4_s(i32x4.shr_s(sum, PRECISION_BITS), sum);
        v128.store32_lane(out, i8x16.narrow_i16x8_u(words, words), 0);
        out += 3;
      } else {
        let sum = i32x4.splat(0);
        for (; tap < end; tap += 16) {
          sum = i32x4.add(sum, i32x4.mul(widened(v128.load32_zero(at)), v128.load(tap)));
          at += 4;
        }
        const total = HALF + i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) +
          i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
        store<u8>(out, <u8> min(max(total >> PRECISION_BITS, 0), 255));
        out++;
      }
      tap = next;
    }
    from += <usize> (width * channels);
  }
}

/** Rows of `stride` bytes to `toHeight` such rows. */
export function resizeColumns(
  from: usize, stride: i32, toHeight: i32, first: usize, count: usize, weights: usize, support: i32, out: usize,
): void {
  for (let y = 0; y < toHeight; y++) {
    const top = from + <usize> (load<i32>(first) * stride), end = weights + (<usize> load<i32>(count) << 2);
    for (let x = 0; x < stride; x += 16) {
      let at = top + <usize> x, a = i32x4.splat(HALF), b = a, c = a, d = a;
      for (let tap = weights; tap < end; tap += 4) {
        const weight = v128.load32_splat(tap), bytes = v128.load(at);
        const low = i16x8.extend_low_i8x16_u(bytes), high = i16x8.extend_high_i8x16_u(bytes);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
        at += <usize> stride;
      }
      const left = i16x8.narrow_i32x4_s(i32x4.shr_s(a, PRECISION_BITS), i32x4.shr_s(b, PRECISION_BITS));
      const right = i16x8.narrow_i32x4_s(i32x4.shr_s(c, PRECISION_BITS), i32x4.shr_s(d, PRECISION_BITS));
      v128.store(out + <usize> x, i8x16.narrow_i16x8_u(left, right));
    }
    out += <usize> stride;
    first += 4;
    count += 4;
    weights += <usize> support << 2;
  }
}
