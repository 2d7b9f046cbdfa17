// Cosine maps of prototypes over an embedding in its own layout, channels × patches: sums channel after channel, products
// rounded before they are added.

/** Patches worked on together: one cache line of float32. */
const LANES: i32 = 16;

/**
 * @param embedding channels × patches, float32; patches is a multiple of 16.
 * @param prototypes count × channels, float64, rows of norm 1.
 * @param unit room for channels × 16 float64.
 * @param out count × patches, float64.
 */
export function cosineMaps(
  embedding: usize, channels: i32, patches: i32, prototypes: usize, count: i32, unit: usize, out: usize,
): void {
  const line = <usize> patches << 2;
  for (let p = 0; p < patches; p += LANES) {
    const from = embedding + (<usize> p << 2);
    for (let k = 0; k < LANES; k++) {
      let at = from + (<usize> k << 2), sum: f64 = 0;
      for (let c = 0; c < channels; c++) {
        const x = <f64> load<f32>(at);
        sum += x * x;
        at += line;
      }
      const scale: f64 = sum > 0 ? 1 / sqrt(sum) : 0;
      at = from + (<usize> k << 2);
      let to = unit + (<usize> k << 3);
      for (let c = 0; c < channels; c++) {
        store<f64>(to, <f64> load<f32>(at) * scale);
        at += line;
        to += <usize> LANES << 3;
      }
    }
    for (let i = 0; i < count; i++) {
      let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
      let at = unit, weight = prototypes + (<usize> (i * channels) << 3);
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
      const to = out + (<usize> (i * patches + p) << 3);
      v128.store(to, s0);
      v128.store(to, s1, 16);
      v128.store(to, s2, 32);
      v128.store(to, s3, 48);
      v128.store(to, s4, 64);
      v128.store(to, s5, 80);
      v128.store(to, s6, 96);
      v128.store(to, s7, 112);
    }
  }
}
