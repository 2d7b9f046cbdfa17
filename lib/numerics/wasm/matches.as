// Cosine similarities of rows rounded to bytes: kernel densities, and the three nearest.

@inline
function fourOf(row: usize, at: i32, dim: i32): v128 {
  const values = v128.load(row + (<usize> at << 2)), beyond = i32x4.splat(dim - at);
  return at + 4 <= dim ? values : v128.and(values, i32x4.lt_s(i32x4(0, 1, 2, 3), beyond));
}

/**
 * Rounds every row to whole numbers, of which the one of largest magnitude is ±limit, and adds `shift` to each: a byte
 * each, four to a word. The words of a row lie `lanes` words apart, so that as many rows lie side by side; `count` is a
 * multiple of `lanes`. `scales` gets one over the norm of what was rounded. A row below 1e-30 becomes zeros, of scale 0.
 * Up to twelve bytes after the last row are read.
 */
export function packRows(
  rows: usize, count: i32, dim: i32, limit: f32, shift: i32, lanes: i32, out: usize, scales: usize,
): void {
  const words = (dim + 3) >> 2, step = <usize> lanes << 2;
  for (let i = 0; i < count; i++) {
    let most = f32x4.splat(0);
    for (let d = 0; d < dim; d += 4) most = f32x4.pmax(most, f32x4.abs(fourOf(rows, d, dim)));
    most = f32x4.pmax(most, i32x4.shuffle(most, most, 2, 3, 0, 1));
    most = f32x4.pmax(most, i32x4.shuffle(most, most, 1, 0, 3, 2));
    const largest = f32x4.extract_lane(most, 0);
    const factor = f32x4.splat(largest > 1e-30 ? limit / largest : 0);
    let to = out + (<usize> (i / lanes * words) * step) + (<usize> (i % lanes) << 2);
    let squares = i32x4.splat(0);
    for (let d = 0; d < dim; d += 4) {
      const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(fourOf(rows, d, dim), factor)));
      squares = i32x4.add(squares, i32x4.mul(whole, whole));
      const halves = i16x8.narrow_i32x4_s(whole, whole);
      const bytes = i8x16.add(i8x16.narrow_i16x8_s(halves, halves), i8x16.splat(<i8> shift));
      store<i32>(to, i32x4.extract_lane(bytes, 0));
      to += step;
    }
    squares = i32x4.add(squares, i32x4.shuffle(squares, squares, 2, 3, 0, 1));
    squares = i32x4.add(squares, i32x4.shuffle(squares, squares, 1, 0, 3, 2));
    const square = i32x4.extract_lane(squares, 0);
    store<f32>(scales + (<usize> i << 2), square === 0 ? 0 : <f32> (1 / sqrt(<f64> square)));
    rows += <usize> dim << 2;
  }
}

// Six rows by eight columns. The columns are from 0 to 127, so that no instruction set saturates.
@inline
function sixDots(a: usize, offsets: usize, panel: usize, row: usize, out: usize): void {
  let s0 = v128.load32_splat(offsets), s1 = v128.load32_splat(offsets, 4), s2 = v128.load32_splat(offsets, 8);
  let s3 = v128.load32_splat(offsets, 12), s4 = v128.load32_splat(offsets, 16), s5 = v128.load32_splat(offsets, 20);
  let t0 = s0, t1 = s1, t2 = s2, t3 = s3, t4 = s4, t5 = s5;
  const a1 = a + row, a2 = a1 + row, a3 = a2 + row, a4 = a3 + row, a5 = a4 + row;
  for (let d: usize = 0; d < row; d += 4) {
    const left = v128.load(panel), right = v128.load(panel, 16);
    panel += 32;
    let x = v128.load32_splat(a + d);
    s0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, left, s0);
    t0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, right, t0);
    x = v128.load32_splat(a1 + d);
    s1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, left, s1);
    t1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, right, t1);
    x = v128.load32_splat(a2 + d);
    s2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, left, s2);
    t2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, right, t2);
    x = v128.load32_splat(a3 + d);
    s3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, left, s3);
    t3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, right, t3);
    x = v128.load32_splat(a4 + d);
    s4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, left, s4);
    t4 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, right, t4);
    x = v128.load32_splat(a5 + d);
    s5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, left, s5);
    t5 = i32x4.relaxed_dot_i8x16_i7x16_add_s(x, right, t5);
  }
  v128.store(out, s0);
  v128.store(out, t0, 16);
  v128.store(out, s1, 32);
  v128.store(out, t1, 48);
  v128.store(out, s2, 64);
  v128.store(out, t2, 80);
  v128.store(out, s3, 96);
  v128.store(out, t3, 112);
  v128.store(out, s4, 128);
  v128.store(out, t4, 144);
  v128.store(out, s5, 160);
  v128.store(out, t5, 176);
}

// 2^f for −½ ≤ f ≤ ½, within 3e-6 of itself: a polynomial of least relative error.
@inline
function fraction(f: v128): v128 {
  let y = f32x4.relaxed_madd(f32x4.splat(0.00957009), f, f32x4.splat(0.05591786));
  y = f32x4.relaxed_madd(y, f, f32x4.splat(0.24024746));
  y = f32x4.relaxed_madd(y, f, f32x4.splat(0.6931218));
  return f32x4.relaxed_madd(y, f, f32x4.splat(0.9999993));
}

// Added to a number, it leaves the nearest whole number plus the bias of an exponent in the lowest bits.
const BIASED: f32 = 12582912 + 127;

/**
 * For each of m columns, a multiple of eight: adds to `sums[j]` the sum of `2 ** (rate * (cosine - 1))` over n rows,
 * and keeps the three largest cosines in `nearest`, three lines of m, descending: of those there already and of the rows'.
 *
 * @param a rows packed in one lane, at most ±127; a multiple of six are there.
 * @param b columns packed in eight lanes, at most ±63, with a shift of 64.
 * @param rate at most 60.
 * @param room 36 bytes for each row there.
 */
export function addMatches(
  a: usize, scalesA: usize, n: i32, b: usize, scalesB: usize, m: i32, dim: i32, rate: f32, room: usize, sums: usize,
  nearest: usize,
): void {
  const row = <usize> (dim + 3) & ~3, line = <usize> m << 2;
  const dots = room + <usize> (n + 5) / 6 * 24;
  for (let i = 0; i < n; i++) {
    let sum = i32x4.splat(0);
    for (let d: usize = 0; d < row; d += 4) {
      sum = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load32_splat(a + <usize> i * row + d), i8x16.splat(64), sum);
    }
    store<i32>(room + (<usize> i << 2), -i32x4.extract_lane(sum, 0));
  }
  for (let j: usize = 0; j < line; j += 32) {
    const panel = b + j * (row >> 2);
    for (let i: usize = 0; i < <usize> n; i += 6) sixDots(a + i * row, room + (i << 2), panel, row, dots + (i << 5));
    for (let half: usize = 0; half < 32; half += 16) {
      const at = j + half, scale = v128.load(scalesB + at), to = nearest + at;
      let sum = v128.load(sums + at);
      let first = v128.load(to), second = v128.load(to + line), third = v128.load(to + 2 * line);
      for (let i: usize = 0; i < <usize> n; i++) {
        const dot = f32x4.convert_i32x4_s(v128.load(dots + (i << 5) + half));
        const cosine = f32x4.mul(f32x4.mul(dot, scale), v128.load32_splat(scalesA + (i << 2)));
        let next = f32x4.pmin(first, cosine);
        first = f32x4.pmax(first, cosine);
        third = f32x4.pmax(third, f32x4.pmin(second, next));
        second = f32x4.pmax(second, next);
        const x = f32x4.relaxed_madd(cosine, f32x4.splat(rate), f32x4.splat(-rate));
        const whole = f32x4.add(x, f32x4.splat(BIASED));
        const part = f32x4.sub(x, f32x4.sub(whole, f32x4.splat(BIASED)));
        sum = f32x4.relaxed_madd(fraction(part), i32x4.shl(whole, 23), sum);
      }
      v128.store(sums + at, sum);
      v128.store(to, first);
      v128.store(to + line, second);
      v128.store(to + 2 * line, third);
    }
  }
}
