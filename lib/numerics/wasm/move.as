// Rows of float32 and an origin in float64.

/** The sum of `count` rows of `dim`, row after row, float64. */
export function sumRows(rows: usize, count: i32, dim: i32, out: usize): void {
  memory.fill(out, 0, <usize> dim << 3);
  for (let i = 0; i < count; i++) {
    let d = 0, to = out;
    for (; d + 2 <= dim; d += 2) {
      v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v128.load64_zero(rows))));
      rows += 8;
      to += 16;
    }
    if (d < dim) {
      store<f64>(to, load<f64>(to) + <f64> load<f32>(rows));
      rows += 4;
    }
  }
}

/** Rows less the origin, rounded to float32, in their place. */
export function moveRows(rows: usize, count: i32, dim: i32, origin: usize): void {
  for (let i = 0; i < count; i++) {
    let d = 0, from = origin;
    for (; d + 2 <= dim; d += 2) {
      const moved = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(rows)), v128.load(from));
      v128.store64_lane(rows, f32x4.demote_f64x2_zero(moved), 0);
      rows += 8;
      from += 16;
    }
    if (d < dim) {
      store<f32>(rows, <f32> (<f64> load<f32>(rows) - load<f64>(from)));
      rows += 4;
    }
  }
}
