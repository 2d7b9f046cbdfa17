// Cosine maps of prototypes over an embedding, channels × patches: summed channel after channel, products rounded before
// they are added.

/** Patches processed together: one cache line of float32. */
const LANES: i32 = 16;

@inline
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3));
}

/** One over the root, or 0. */
@inline
function scaleOf(squares: v128): v128 {
  return v128.and(f64x2.div(f64x2.splat(1), f64x2.sqrt(squares)), f64x2.gt(squares, f64x2.splat(0)));
}

/**
 * @param embedding rows of `patches` float32, a multiple of 16, `stride` apart; one row for each channel.
 * @param prototypes count × channels, float64, rows of norm 1.
 * @param unit room for channels × 16 float64.
 * @param out count × patches, float64.
 */
export function cosineMaps(
  embedding: usize, channels: i32, patches: i32, stride: i32, prototypes: usize, count: i32, unit: usize, out: usize,
): void {
  const line = <usize> stride << 2;
  for (let p = 0; p < patches; p += LANES) {
    const from = embedding + (<usize> p << 2);
    let n0 = f64x2.splat(0), n1 = n0, n2 = n0, n3 = n0, n4 = n0, n5 = n0, n6 = n0, n7 = n0;
    let at = from;
    for (let c = 0; c < channels; c++) {
      let x = v128.load(at), y = f64x2.promote_low_f32x4(x);
      n0 = f64x2.add(n0, f64x2.mul(y, y));
      y = high(x);
      n1 = f64x2.add(n1, f64x2.mul(y, y));
      x = v128.load(at, 16), y = f64x2.promote_low_f32x4(x);
      n2 = f64x2.add(n2, f64x2.mul(y, y));
      y = high(x);
      n3 = f64x2.add(n3, f64x2.mul(y, y));
      x = v128.load(at, 32), y = f64x2.promote_low_f32x4(x);
      n4 = f64x2.add(n4, f64x2.mul(y, y));
      y = high(x);
      n5 = f64x2.add(n5, f64x2.mul(y, y));
      x = v128.load(at, 48), y = f64x2.promote_low_f32x4(x);
      n6 = f64x2.add(n6, f64x2.mul(y, y));
      y = high(x);
      n7 = f64x2.add(n7, f64x2.mul(y, y));
      at += line;
    }
    n0 = scaleOf(n0); n1 = scaleOf(n1); n2 = scaleOf(n2); n3 = scaleOf(n3);
    n4 = scaleOf(n4); n5 = scaleOf(n5); n6 = scaleOf(n6); n7 = scaleOf(n7);
    at = from;
    let to = unit;
    for (let c = 0; c < channels; c++) {
      let x = v128.load(at);
      v128.store(to, f64x2.mul(f64x2.promote_low_f32x4(x), n0));
      v128.store(to, f64x2.mul(high(x), n1), 16);
      x = v128.load(at, 16);
      v128.store(to, f64x2.mul(f64x2.promote_low_f32x4(x), n2), 32);
      v128.store(to, f64x2.mul(high(x), n3), 48);
      x = v128.load(at, 32);
      v128.store(to, f64x2.mul(f64x2.promote_low_f32x4(x), n4), 64);
      v128.store(to, f64x2.mul(high(x), n5), 80);
      x = v128.load(at, 48);
      v128.store(to, f64x2.mul(f64x2.promote_low_f32x4(x), n6), 96);
      v128.store(to, f64x2.mul(high(x), n7), 112);
      at += line;
      to += <usize> LANES << 3;
    }
    for (let i = 0; i < count; i++) {
      let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
      at = unit;
      let weight = prototypes + (<usize> (i * channels) << 3);
      for (let c = 0; c < channels; c++) {
        const w = v128.load64_splat(weight);
        s0 = f64x2.add(s0, f64x2.mul(v128.load(at), w));
        s1 = f64x2.add(s1, f64x2.mul(v128.load(at, 16), w));
        s2 = f64x2.add(s2, f64x2.mul(v128.load(at, 32), w));
        s3 = f64x2.add(s3, f64x2.mul(v128.load(at, 48), w));
        s4 = f64x2.add(s4, f64x2.mul(v128.load(at, 64), w));
        s5 = f64x2.add(s5, f64x2.mul(v128.load(at, 80), w));
        s6 = f64x2.add(s6, f64x2.mul(v128.load(at, 96), w));
        s7 = f64x2.add(s7, f64x2.mul(v128.load(at, 112), w));
        at += 128;
        weight += 8;
      }
      const map = out + (<usize> (i * patches + p) << 3);
      v128.store(map, s0);
      v128.store(map, s1, 16);
      v128.store(map, s2, 32);
      v128.store(map, s3, 48);
      v128.store(map, s4, 64);
      v128.store(map, s5, 80);
      v128.store(map, s6, 96);
      v128.store(map, s7, 112);
    }
  }
}
