// The inner loops of ../kmeans.ts. Points are rows of float32 and, for the distances to one centre, panels of eight
// points, dimension after dimension (costs.as). All sums run in the order of the plain algorithm.

/** Squared distances of all points (panels; count a multiple of eight) to a float64 centre, dimension after dimension. */
export function distancesTo(panels: usize, count: i32, dim: i32, centre: usize, out: usize): void {
  for (let i = 0; i < count; i += 8) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let d = 0; d < dim; d++) {
      const c = v128.load64_splat(centre + (<usize> d << 3));
      const low = v128.load(panels), high = v128.load(panels, 16);
      let e = f64x2.sub(f64x2.promote_low_f32x4(low), c);
      s0 = f64x2.add(s0, f64x2.mul(e, e));
      e = f64x2.sub(f64x2.promote_low_f32x4(i32x4.shuffle(low, low, 2, 3, 2, 3)), c);
      s1 = f64x2.add(s1, f64x2.mul(e, e));
      e = f64x2.sub(f64x2.promote_low_f32x4(high), c);
      s2 = f64x2.add(s2, f64x2.mul(e, e));
      e = f64x2.sub(f64x2.promote_low_f32x4(i32x4.shuffle(high, high, 2, 3, 2, 3)), c);
      s3 = f64x2.add(s3, f64x2.mul(e, e));
      panels += 32;
    }
    v128.store(out, s0);
    v128.store(out, s1, 16);
    v128.store(out, s2, 32);
    v128.store(out, s3, 48);
    out += 64;
  }
}

/** The exact squared distance of one point to one centre. */
function distance(point: usize, centre: usize, dim: i32): f64 {
  let sum: f64 = 0;
  for (let d = 0; d < dim; d++) {
    const e = <f64> load<f32>(point + (<usize> d << 2)) - load<f64>(centre + (<usize> d << 3));
    sum += e * e;
  }
  return sum;
}

/**
 * The nearest centre of every point, the first among equals. `rough` (k × stride) are distances that are off by
 * `error` at most: where that leaves a doubt, the exact ones decide. Marks in `dirty` the clusters whose members
 * change. Returns whether any did.
 */
export function label(
  points: usize, count: i32, dim: i32, centres: usize, k: i32, rough: usize, stride: i32, error: f32, labels: usize,
  dirty: usize,
): bool {
  const line = <usize> stride << 2;
  let changed = false;
  for (let i = 0; i < count; i++) {
    const at = rough + (<usize> i << 2);
    let least: f32 = Infinity, nearest = 0;
    for (let j = 0; j < k; j++) {
      const value = load<f32>(at + <usize> j * line);
      if (value < least) {
        least = value;
        nearest = j;
      }
    }
    const edge = least + 2 * error;
    let near = 0;
    for (let j = 0; j < k; j++) if (load<f32>(at + <usize> j * line) <= edge) near++;
    if (near > 1) {
      let best: f64 = Infinity;
      const point = points + (<usize> (i * dim) << 2);
      for (let j = 0; j < k; j++) {
        if (load<f32>(at + <usize> j * line) > edge) continue;
        const value = distance(point, centres + (<usize> (j * dim) << 3), dim);
        if (value < best) {
          best = value;
          nearest = j;
        }
      }
    }
    const to = labels + (<usize> i << 2);
    const before = load<i32>(to);
    if (before !== nearest) {
      changed = true;
      if (before >= 0) store<u8>(dirty + before, 1);
      store<u8>(dirty + nearest, 1);
      store<i32>(to, nearest);
    }
  }
  return changed;
}

@inline
function ownCentre(labels: usize, i: i32, dim: i32, centres: usize): usize {
  return centres + (<usize> (load<i32>(labels + (<usize> i << 2)) * dim) << 3);
}

/** The exact squared distance of every point to its own centre; four points at a time. */
export function ownDistances(points: usize, count: i32, dim: i32, centres: usize, labels: usize, out: usize): void {
  const row = <usize> dim << 2;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const c0 = ownCentre(labels, i, dim, centres), c1 = ownCentre(labels, i + 1, dim, centres);
    const c2 = ownCentre(labels, i + 2, dim, centres), c3 = ownCentre(labels, i + 3, dim, centres);
    const p0 = points + <usize> i * row, p1 = p0 + row, p2 = p1 + row, p3 = p2 + row;
    let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
    for (let d: usize = 0; d < row; d += 4) {
      let e = <f64> load<f32>(p0 + d) - load<f64>(c0 + (d << 1));
      s0 += e * e;
      e = <f64> load<f32>(p1 + d) - load<f64>(c1 + (d << 1));
      s1 += e * e;
      e = <f64> load<f32>(p2 + d) - load<f64>(c2 + (d << 1));
      s2 += e * e;
      e = <f64> load<f32>(p3 + d) - load<f64>(c3 + (d << 1));
      s3 += e * e;
    }
    const to = out + (<usize> i << 3);
    store<f64>(to, s0);
    store<f64>(to, s1, 8);
    store<f64>(to, s2, 16);
    store<f64>(to, s3, 24);
  }
  for (; i < count; i++) {
    store<f64>(out + (<usize> i << 3), distance(points + <usize> i * row, ownCentre(labels, i, dim, centres), dim));
  }
}

/** The means of the dirty clusters, summed point after point; dim is even. */
export function average(
  points: usize, count: i32, dim: i32, labels: usize, sizes: usize, k: i32, dirty: usize, centres: usize,
): void {
  const width = <usize> dim << 3;
  for (let j = 0; j < k; j++) {
    if (load<u8>(dirty + j)) memory.fill(centres + <usize> j * width, 0, width);
  }
  for (let i = 0; i < count; i++) {
    const j = load<i32>(labels + (<usize> i << 2));
    if (!load<u8>(dirty + j)) continue;
    let from = points + (<usize> (i * dim) << 2), to = centres + <usize> j * width;
    const end = to + width;
    while (to < end) {
      v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v128.load64_zero(from))));
      from += 8;
      to += 16;
    }
  }
  for (let j = 0; j < k; j++) {
    if (!load<u8>(dirty + j)) continue;
    const size = <f64> load<i32>(sizes + (<usize> j << 2));
    const to = centres + <usize> j * width;
    for (let d: usize = 0; d < width; d += 8) store<f64>(to + d, load<f64>(to + d) / size);
  }
}
