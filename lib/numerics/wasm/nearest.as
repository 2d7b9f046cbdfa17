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
