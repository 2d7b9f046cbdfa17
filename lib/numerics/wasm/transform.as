/** For every column j of `cost`, n × stride, the largest v with v + u[i] ≤ cost[i, j] for all i: the c-transform of u. */
export function transformed(cost: usize, n: i32, stride: i32, u: usize, out: usize): void {
  for (let j = 0; j < stride; j += 4) {
    let at = cost + (<usize> j << 2);
    let low = f32x4.splat(Infinity);
    for (let i = 0; i < n; i++) {
      low = f32x4.pmin(low, f32x4.sub(v128.load(at), v128.load32_splat(u + (<usize> i << 2))));
      at += <usize> stride << 2;
    }
    v128.store(out + (<usize> j << 2), low);
  }
}
