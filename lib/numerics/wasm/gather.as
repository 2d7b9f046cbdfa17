/** The listed columns of every row; the rest of each row of `out` is filled with +∞. */
export function gatherColumns(
  from: usize, fromStride: i32, n: i32, columns: usize, count: i32, stride: i32, out: usize,
): void {
  for (let i = 0; i < n; i++) {
    const line = from + (<usize> (i * fromStride) << 2);
    for (let j = 0; j < count; j++) {
      store<f32>(out, load<f32>(line + (<usize> load<i32>(columns + (<usize> j << 2)) << 2)));
      out += 4;
    }
    for (let j = count; j < stride; j++) {
      store<f32>(out, Infinity);
      out += 4;
    }
  }
}
