// Kernel densities of columns among rows, from their squared distances.

// 2^f for 0 ≤ f < 1, within 2e-7: a polynomial of least relative error at Chebyshev nodes.
@inline
function fraction(f: v128): v128 {
  let y = f32x4.splat(0.0018762329);
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(0.0089925844));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(0.0558236055));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(0.2401545346));
  y = f32x4.add(f32x4.mul(y, f), f32x4.splat(0.6931529641));
  return f32x4.add(f32x4.mul(y, f), f32x4.splat(0.9999999404));
}

/**
 * Adds to `sums[j]` the sum of `2 ** (cost[i, j] * scale)` over n rows of `stride` columns, a multiple of four. `scale` is
 * negative; a power below 2⁻¹²⁶ counts as that.
 */
export function addDensities(cost: usize, n: i32, stride: i32, scale: f32, sums: usize): void {
  const line = <usize> stride << 2, factor = f32x4.splat(scale), floor = f32x4.splat(-126);
  for (let i = 0; i < n; i++) {
    for (let at: usize = 0; at < line; at += 16) {
      const value = v128.load(cost + at);
      const x = f32x4.max(f32x4.mul(f32x4.max(value, f32x4.splat(0)), factor), floor);
      const whole = f32x4.floor(x);
      const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
      const term = f32x4.mul(fraction(f32x4.sub(x, whole)), power);
      v128.store(sums + at, f32x4.add(v128.load(sums + at), term));
    }
    cost += line;
  }
}

/**
 * Keeps the three least costs of every column in `least`, three lines of `stride`, ascending: of those there already and
 * of n rows of `stride` columns, a multiple of four.
 */
export function keepLeast(cost: usize, n: i32, stride: i32, least: usize): void {
  const line = <usize> stride << 2;
  for (let i = 0; i < n; i++) {
    for (let at: usize = 0; at < line; at += 16) {
      let next = v128.load(cost + at), to = least + at;
      let kept = v128.load(to);
      v128.store(to, f32x4.min(kept, next));
      next = f32x4.max(kept, next);
      to += line;
      kept = v128.load(to);
      v128.store(to, f32x4.min(kept, next));
      next = f32x4.max(kept, next);
      to += line;
      v128.store(to, f32x4.min(v128.load(to), next));
    }
    cost += line;
  }
}
