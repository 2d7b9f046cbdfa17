/**
 * The c-transform of u: for every column j of n × stride costs, the largest v with v + u[i] ≤ cost[i, j] for all i, and
 * the source i at which it is reached.
 */
export function nearestSources(cost: usize, n: i32, stride: i32, u: usize, out: usize, sources: usize): void {
  for (let j = 0; j < stride; j += 8) {
    let at = cost + (<usize> j << 2);
    let low = f32x4.splat(Infinity), high = low, left = i32x4.splat(0), right = left;
    for (let i = 0; i < n; i++) {
      const x = v128.load32_splat(u + (<usize> i << 2)), which = i32x4.splat(i);
      let value = f32x4.sub(v128.load(at), x), isLess = f32x4.lt(value, low);
      low = v128.bitselect(value, low, isLess);
      left = v128.bitselect(which, left, isLess);
      value = f32x4.sub(v128.load(at, 16), x), isLess = f32x4.lt(value, high);
      high = v128.bitselect(value, high, isLess);
      right = v128.bitselect(which, right, isLess);
      at += <usize> stride << 2;
    }
    v128.store(out + (<usize> j << 2), low);
    v128.store(out + (<usize> j << 2), high, 16);
    v128.store(sources + (<usize> j << 2), left);
    v128.store(sources + (<usize> j << 2), right, 16);
  }
}
