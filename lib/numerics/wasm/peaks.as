// Float32 dot products of an embedding, channels × patches, with rows of weights, to bound cosine maps.

/** Patches processed together: one cache line of float32. */
const TOGETHER: i32 = 16;

/**
 * The dot products of every patch less the origin with `count` rows of weights, a multiple of three, and with itself.
 *
 * @param embedding rows of `patches` float32, a multiple of 16, `stride` apart; one row for each channel.
 * @param origin channels, float32.
 * @param weights count × channels, float32.
 * @param pack room for channels × 16 float32.
 * @param out (count + 1) × patches, float32; the last row holds the squares.
 */
export function movedDots(
  embedding: usize, channels: i32, patches: i32, stride: i32, origin: usize, weights: usize, count: i32, pack: usize,
  out: usize,
): void {
  const line = <usize> stride << 2, row = <usize> channels << 2, map = <usize> patches << 2;
  for (let p = 0; p < patches; p += TOGETHER) {
    let from = embedding + (<usize> p << 2), to = pack;
    let q0 = f32x4.splat(0), q1 = q0, q2 = q0, q3 = q0;
    for (let c: usize = 0; c < row; c += 4) {
      const x = v128.load32_splat(origin + c);
      let e = f32x4.sub(v128.load(from), x);
      q0 = f32x4.relaxed_madd(e, e, q0);
      v128.store(to, e);
      e = f32x4.sub(v128.load(from, 16), x);
      q1 = f32x4.relaxed_madd(e, e, q1);
      v128.store(to, e, 16);
      e = f32x4.sub(v128.load(from, 32), x);
      q2 = f32x4.relaxed_madd(e, e, q2);
      v128.store(to, e, 32);
      e = f32x4.sub(v128.load(from, 48), x);
      q3 = f32x4.relaxed_madd(e, e, q3);
      v128.store(to, e, 48);
      from += line;
      to += 64;
    }
    let result = out + (<usize> p << 2);
    for (let i = 0; i < count; i += 3) {
      const a = weights + <usize> i * row, b = a + row, d = b + row;
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
      let b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      let d0 = a0, d1 = a0, d2 = a0, d3 = a0;
      let at = pack;
      for (let c: usize = 0; c < row; c += 4) {
        const x = v128.load32_splat(a + c), y = v128.load32_splat(b + c), z = v128.load32_splat(d + c);
        let e = v128.load(at);
        a0 = f32x4.relaxed_madd(e, x, a0);
        b0 = f32x4.relaxed_madd(e, y, b0);
        d0 = f32x4.relaxed_madd(e, z, d0);
        e = v128.load(at, 16);
        a1 = f32x4.relaxed_madd(e, x, a1);
        b1 = f32x4.relaxed_madd(e, y, b1);
        d1 = f32x4.relaxed_madd(e, z, d1);
        e = v128.load(at, 32);
        a2 = f32x4.relaxed_madd(e, x, a2);
        b2 = f32x4.relaxed_madd(e, y, b2);
        d2 = f32x4.relaxed_madd(e, z, d2);
        e = v128.load(at, 48);
        a3 = f32x4.relaxed_madd(e, x, a3);
        b3 = f32x4.relaxed_madd(e, y, b3);
        d3 = f32x4.relaxed_madd(e, z, d3);
        at += 64;
      }
      v128.store(result, a0);
      v128.store(result, a1, 16);
      v128.store(result, a2, 32);
      v128.store(result, a3, 48);
      result += map;
      v128.store(result, b0);
      v128.store(result, b1, 16);
      v128.store(result, b2, 32);
      v128.store(result, b3, 48);
      result += map;
      v128.store(result, d0);
      v128.store(result, d1, 16);
      v128.store(result, d2, 32);
      v128.store(result, d3, 48);
      result += map;
    }
    v128.store(result, q0);
    v128.store(result, q1, 16);
    v128.store(result, q2, 32);
    v128.store(result, q3, 48);
  }
}
