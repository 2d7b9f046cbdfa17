// Squared Euclidean costs in float32, |a|² + |b|² − 2 a·b, four rows by eight columns at a time.

/** Rows of `b` (m × dim, m a multiple of eight) as panels of eight columns, dimension after dimension. */
export function packPanels(b: usize, m: i32, dim: i32, panels: usize): void {
  const row = <usize> dim << 2;
  for (let first = 0; first < m; first += 8) {
    const from = b + <usize> first * row;
    for (let d: usize = 0; d < row; d += 4) {
      let at = from + d;
      for (let c = 0; c < 8; c++) {
        store<f32>(panels, load<f32>(at));
        at += row;
        panels += 4;
      }
    }
  }
}

/** Sum of squares of every row; eight sums that are added at the end. `dim` may be any. */
export function squareRows(rows: usize, count: i32, dim: i32, out: usize): void {
  for (let i = 0; i < count; i++) {
    let s = f64x2.splat(0), t = s;
    let d = 0;
    for (; d + 4 <= dim; d += 4) {
      const x = v128.load(rows + (<usize> d << 2));
      const low = f64x2.promote_low_f32x4(x), high = f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3));
      s = f64x2.relaxed_madd(low, low, s);
      t = f64x2.relaxed_madd(high, high, t);
    }
    s = f64x2.add(s, t);
    let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
    for (; d < dim; d++) {
      const x = <f64> load<f32>(rows + (<usize> d << 2));
      sum += x * x;
    }
    store<f32>(out + (<usize> i << 2), <f32> sum);
    rows += <usize> dim << 2;
  }
}

@inline
function sixRows(
  a: usize, squaresA: usize, i: i32, panels: usize, squaresB: usize, j: i32, stride: i32, row: usize, out: usize,
): void {
  const a0 = a + <usize> i * row, a1 = a0 + row, a2 = a1 + row, a3 = a2 + row, a4 = a3 + row, a5 = a4 + row;
  let p = panels + <usize> j * row;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0;
  let t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0;
  for (let d: usize = 0; d < row; d += 4) {
    const left = v128.load(p), right = v128.load(p, 16);
    p += 32;
    let x = v128.load32_splat(a0 + d);
    s0 = f32x4.relaxed_madd(x, left, s0);
    t0 = f32x4.relaxed_madd(x, right, t0);
    x = v128.load32_splat(a1 + d);
    s1 = f32x4.relaxed_madd(x, left, s1);
    t1 = f32x4.relaxed_madd(x, right, t1);
    x = v128.load32_splat(a2 + d);
    s2 = f32x4.relaxed_madd(x, left, s2);
    t2 = f32x4.relaxed_madd(x, right, t2);
    x = v128.load32_splat(a3 + d);
    s3 = f32x4.relaxed_madd(x, left, s3);
    t3 = f32x4.relaxed_madd(x, right, t3);
    x = v128.load32_splat(a4 + d);
    s4 = f32x4.relaxed_madd(x, left, s4);
    t4 = f32x4.relaxed_madd(x, right, t4);
    x = v128.load32_splat(a5 + d);
    s5 = f32x4.relaxed_madd(x, left, s5);
    t5 = f32x4.relaxed_madd(x, right, t5);
  }
  const left = v128.load(squaresB + (<usize> j << 2)), right = v128.load(squaresB + (<usize> j << 2), 16);
  const line = <usize> stride << 2, norms = squaresA + (<usize> i << 2);
  const to = out + <usize> i * line + (<usize> j << 2);
  write(to, v128.load32_splat(norms), left, right, s0, t0);
  write(to + line, v128.load32_splat(norms, 4), left, right, s1, t1);
  write(to + 2 * line, v128.load32_splat(norms, 8), left, right, s2, t2);
  write(to + 3 * line, v128.load32_splat(norms, 12), left, right, s3, t3);
  write(to + 4 * line, v128.load32_splat(norms, 16), left, right, s4, t4);
  write(to + 5 * line, v128.load32_splat(norms, 20), left, right, s5, t5);
}

@inline
function write(to: usize, norm: v128, left: v128, right: v128, s: v128, t: v128): void {
  v128.store(to, finish(s, f32x4.add(norm, left)));
  v128.store(to, finish(t, f32x4.add(norm, right)), 16);
}

@inline
function finish(dot: v128, sum: v128): v128 {
  return f32x4.relaxed_madd(dot, f32x4.splat(-2), sum);
}

/**
 * `out[i, j]` for n rows of `stride` columns, a multiple of eight; n is a multiple of four.
 */
export function squaredCosts(
  a: usize, squaresA: usize, n: i32, panels: usize, squaresB: usize, stride: i32, dim: i32, out: usize,
): void {
  const row = <usize> dim << 2;
  for (let j = 0; j < stride; j += 8) {
    let first = 0;
    // Twelve sums in registers keep both multipliers busy.
    for (; first + 6 <= n; first += 6) sixRows(a, squaresA, first, panels, squaresB, j, stride, row, out);
    // What is left is at most four rows: the last four, some of them again.
    if (first < n) {
      const i = n - 4;
      const a0 = a + <usize> i * row, a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
      let p = panels + <usize> j * row;
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      let t0 = s0, t1 = s0, t2 = s0, t3 = s0;
      for (let d: usize = 0; d < row; d += 4) {
        const left = v128.load(p), right = v128.load(p, 16);
        p += 32;
        let x = v128.load32_splat(a0 + d);
        s0 = f32x4.relaxed_madd(x, left, s0);
        t0 = f32x4.relaxed_madd(x, right, t0);
        x = v128.load32_splat(a1 + d);
        s1 = f32x4.relaxed_madd(x, left, s1);
        t1 = f32x4.relaxed_madd(x, right, t1);
        x = v128.load32_splat(a2 + d);
        s2 = f32x4.relaxed_madd(x, left, s2);
        t2 = f32x4.relaxed_madd(x, right, t2);
        x = v128.load32_splat(a3 + d);
        s3 = f32x4.relaxed_madd(x, left, s3);
        t3 = f32x4.relaxed_madd(x, right, t3);
      }
      const left = v128.load(squaresB + (<usize> j << 2)), right = v128.load(squaresB + (<usize> j << 2), 16);
      const line = <usize> stride << 2, norms = squaresA + (<usize> i << 2);
      let to = out + <usize> i * line + (<usize> j << 2);
      let x = v128.load32_splat(norms);
      v128.store(to, finish(s0, f32x4.add(x, left)));
      v128.store(to, finish(t0, f32x4.add(x, right)), 16);
      to += line;
      x = v128.load32_splat(norms + 4);
      v128.store(to, finish(s1, f32x4.add(x, left)));
      v128.store(to, finish(t1, f32x4.add(x, right)), 16);
      to += line;
      x = v128.load32_splat(norms + 8);
      v128.store(to, finish(s2, f32x4.add(x, left)));
      v128.store(to, finish(t2, f32x4.add(x, right)), 16);
      to += line;
      x = v128.load32_splat(norms + 12);
      v128.store(to, finish(s3, f32x4.add(x, left)));
      v128.store(to, finish(t3, f32x4.add(x, right)), 16);
    }
  }
}
