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

@inline function intAt(base: usize, i: i32): i32 { return load<i32>(base + (<usize> i << 2)); }
@inline function setIntAt(base: usize, i: i32, x: i32): void { store<i32>(base + (<usize> i << 2), x); }
@inline function realAt(base: usize, i: i32): f64 { return load<f64>(base + (<usize> i << 3)); }
@inline function setRealAt(base: usize, i: i32, x: f64): void { store<f64>(base + (<usize> i << 3), x); }

@inline
function quantised(dots: v128, scale: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(dots, scale)));
}

/**
 * The dot products of all pairs of rows, times `factor`, as integers: stride × stride, stride a multiple of eight. Half
 * of them are worked out, the rest mirrored. A last row holds the sums of the columns.
 */
export function gram(rows: usize, panels: usize, stride: i32, dim: i32, factor: f32, out: usize): void {
  const row = <usize> dim << 2, line = <usize> stride << 2, scale = f32x4.splat(factor);
  for (let j = 0; j < stride; j += 8) {
    for (let i = 0; i < j + 8; i += 4) {
      const a0 = rows + <usize> i * row, a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
      let p = panels + <usize> j * row;
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      let t0 = s0, t1 = s0, t2 = s0, t3 = s0;
      for (let d: usize = 0; d < row; d += 8) {
        let left = v128.load(p), right = v128.load(p, 16);
        let x = v128.load32_splat(a0 + d);
        s0 = f32x4.relaxed_madd(x, left, s0);
        t0 = f32x4.relaxed_madd(x, right, t0);
        x = v128.load32_splat(a1 + d);
        s1 = f32x4.relaxed_madd(x, left, s1);
        t1 = f32x4.relaxed_madd(x, right, t1);
        x = v128.load32_splat(a2 + d);
        s2 = f32x4.relaxed_madd(x, left, s2);
        t2 = f32x4.relaxed_madd(x, right, t2);
        x = v128.load32_splat(a3 + d);
        s3 = f32x4.relaxed_madd(x, left, s3);
        t3 = f32x4.relaxed_madd(x, right, t3);
        left = v128.load(p, 32), right = v128.load(p, 48);
        x = v128.load32_splat(a0 + d, 4);
        s0 = f32x4.relaxed_madd(x, left, s0);
        t0 = f32x4.relaxed_madd(x, right, t0);
        x = v128.load32_splat(a1 + d, 4);
        s1 = f32x4.relaxed_madd(x, left, s1);
        t1 = f32x4.relaxed_madd(x, right, t1);
        x = v128.load32_splat(a2 + d, 4);
        s2 = f32x4.relaxed_madd(x, left, s2);
        t2 = f32x4.relaxed_madd(x, right, t2);
        x = v128.load32_splat(a3 + d, 4);
        s3 = f32x4.relaxed_madd(x, left, s3);
        t3 = f32x4.relaxed_madd(x, right, t3);
        p += 64;
      }
      s0 = quantised(s0, scale); s1 = quantised(s1, scale); s2 = quantised(s2, scale); s3 = quantised(s3, scale);
      t0 = quantised(t0, scale); t1 = quantised(t1, scale); t2 = quantised(t2, scale); t3 = quantised(t3, scale);
      let to = out + <usize> i * line + (<usize> j << 2);
      v128.store(to, s0); v128.store(to, t0, 16);
      to += line;
      v128.store(to, s1); v128.store(to, t1, 16);
      to += line;
      v128.store(to, s2); v128.store(to, t2, 16);
      to += line;
      v128.store(to, s3); v128.store(to, t3, 16);
      mirror(s0, s1, s2, s3, out + <usize> j * line + (<usize> i << 2), line);
      mirror(t0, t1, t2, t3, out + <usize> (j + 4) * line + (<usize> i << 2), line);
    }
  }
  const total = out + <usize> stride * line;
  memory.fill(total, 0, line);
  for (let from = out; from < total; from += line) {
    for (let at: usize = 0; at < line; at += 16) {
      v128.store(total + at, i32x4.add(v128.load(total + at), v128.load(from + at)));
    }
  }
}

@inline
function mirror(a: v128, b: v128, c: v128, d: v128, to: usize, line: usize): void {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const ef = i32x4.shuffle(a, b, 2, 6, 3, 7), gh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i32x4.shuffle(ab, cd, 0, 1, 4, 5));
  v128.store(to + line, i32x4.shuffle(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * line, i32x4.shuffle(ef, gh, 0, 1, 4, 5));
  v128.store(to + 3 * line, i32x4.shuffle(ef, gh, 2, 3, 6, 7));
}

// The clusters. With G the dot products of the points, S[j, i] the sum of G[l, i] over the members l of cluster j, and
// Q[j] the sum of S[j, i] over its members i, the squared distance of point i to the mean of cluster j is
// G[i, i] − 2 S[j, i] / size + Q[j] / size². All of them are integers, so that S and Q stay exact while members come
// and go. They are rough distances: G is off by its rounding, and so they are by `error` at most.

let points: usize, count: i32, stride: i32, dim: i32, k: i32, dots: usize, unit: f64, error: f32;
let sums: usize, squares: usize, sizes: usize, labels: usize, fresh: usize, centres: usize, isStale: usize, rough: usize;

export function clusters(
  points_: usize, count_: i32, stride_: i32, dim_: i32, k_: i32, dots_: usize, unit_: f64, error_: f32, sums_: usize,
  squares_: usize, sizes_: usize, labels_: usize, fresh_: usize, centres_: usize, isStale_: usize, rough_: usize,
): void {
  points = points_; count = count_; stride = stride_; dim = dim_; k = k_;
  dots = dots_; unit = unit_; error = error_;
  sums = sums_; squares = squares_; sizes = sizes_; labels = labels_; fresh = fresh_; centres = centres_;
  isStale = isStale_; rough = rough_;
}

@inline function dotsOf(i: i32): usize { return dots + (<usize> i * <usize> stride << 2); }
@inline function sumsOf(j: i32): usize { return sums + (<usize> j * <usize> stride << 2); }

/** Cluster j is point `seed` alone; its centre is set. No point has a label. */
export function seedCluster(j: i32, seed: i32): void {
  if (dots !== 0) {
    memory.copy(sumsOf(j), dotsOf(seed), <usize> stride << 2);
    setRealAt(squares, j, <f64> intAt(dotsOf(seed), seed));
  }
  setIntAt(sizes, j, 1);
  store<u8>(isStale + j, 0);
  const from = points + (<usize> (seed * dim) << 2), to = centres + (<usize> (j * dim) << 3);
  for (let d = 0; d < dim; d++) setRealAt(to, d, <f64> load<f32>(from + (<usize> d << 2)));
  memory.fill(labels, 0xff, <usize> count << 2);
}

/** The sums, squares and sizes of the labels. The largest cluster's sums are what the others leave of all points'. */
export function gather(): void {
  memory.fill(squares, 0, <usize> k << 3);
  memory.fill(sizes, 0, <usize> k << 2);
  memory.fill(isStale, 1, k);
  for (let i = 0; i < count; i++) {
    const j = intAt(labels, i);
    setIntAt(sizes, j, intAt(sizes, j) + 1);
  }
  if (dots === 0) return;
  let largest = 0;
  for (let j = 1; j < k; j++) if (intAt(sizes, j) > intAt(sizes, largest)) largest = j;
  const line = <usize> stride << 2;
  memory.fill(sums, 0, <usize> k * line);
  for (let i = 0; i < count; i++) {
    const j = intAt(labels, i);
    if (j !== largest) join(i, j);
  }
  const rest = sumsOf(largest);
  memory.copy(rest, dots + <usize> stride * line, line);
  for (let j = 0; j < k; j++) {
    if (j === largest) continue;
    const others = sumsOf(j);
    for (let at: usize = 0; at < line; at += 16) {
      v128.store(rest + at, i32x4.sub(v128.load(rest + at), v128.load(others + at)));
    }
  }
  let square: f64 = 0;
  for (let i = 0; i < count; i++) if (intAt(labels, i) === largest) square += <f64> intAt(rest, i);
  setRealAt(squares, largest, square);
}

@inline
function join(i: i32, j: i32): void {
  const from = dotsOf(i), to = sumsOf(j);
  setRealAt(squares, j, realAt(squares, j) + 2 * <f64> intAt(to, i) + <f64> intAt(from, i));
  const end = <usize> stride << 2;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(to + at, i32x4.add(v128.load(to + at), v128.load(from + at)));
  }
}

@inline
function leave(i: i32, j: i32): void {
  const from = dotsOf(i), to = sumsOf(j);
  setRealAt(squares, j, realAt(squares, j) - 2 * <f64> intAt(to, i) + <f64> intAt(from, i));
  const end = <usize> stride << 2;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(to + at, i32x4.sub(v128.load(to + at), v128.load(from + at)));
  }
}

/** The mean of the members of cluster j, summed point after point; dim is even. */
function average(j: i32): void {
  const width = <usize> dim << 3, centre = centres + <usize> j * width, end = centre + width;
  memory.fill(centre, 0, width);
  let size: f64 = 0;
  for (let i = 0; i < count; i++) {
    if (intAt(labels, i) !== j) continue;
    size += 1;
    let from = points + (<usize> (i * dim) << 2);
    for (let to = centre; to < end; to += 16) {
      v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v128.load64_zero(from))));
      from += 8;
    }
  }
  for (let to = centre; to < end; to += 8) store<f64>(to, load<f64>(to) / size);
  store<u8>(isStale + j, 0);
}

/** Brings every centre to the mean of its members. */
export function averageStale(): void {
  for (let j = 0; j < k; j++) if (load<u8>(isStale + j)) average(j);
}

/** The nearest of the centres whose rough distance is `edge` at most, by exact distances; the first among equals. */
function decide(i: i32, edge: f32): i32 {
  const point = points + (<usize> (i * dim) << 2), at = rough + (<usize> i << 2), line = <usize> stride << 2;
  let best: f64 = Infinity, nearest = 0;
  for (let j = 0; j < k; j++) {
    if (load<f32>(at + <usize> j * line) > edge) continue;
    if (load<u8>(isStale + j)) average(j);
    const value = distance(point, centres + (<usize> (j * dim) << 3), dim);
    if (value < best) {
      best = value;
      nearest = j;
    }
  }
  return nearest;
}

/** Rough distances, less what all of a point's have in common, from the sums. */
export function roughFromSums(): void {
  const line = <usize> stride << 2;
  for (let j = 0; j < k; j++) {
    const size = <f64> intAt(sizes, j), from = sumsOf(j), to = rough + <usize> j * line;
    const slope = f32x4.splat(<f32> (-2 * unit / size));
    const start = f32x4.splat(<f32> (unit * realAt(squares, j) / (size * size)));
    for (let at: usize = 0; at < line; at += 16) {
      v128.store(to + at, f32x4.relaxed_madd(f32x4.convert_i32x4_s(v128.load(from + at)), slope, start));
    }
  }
}

/**
 * Labels every point with its nearest centre, the first among equals, and returns how many labels changed. Where that
 * empties a cluster, the centres are brought up to date first: what they were before the labels changed.
 */
export function relabel(): i32 {
  const line = <usize> stride << 2, doubt = f32x4.splat(2 * error);
  let changed = 0;
  for (let i = 0; i < count; i += 4) {
    const at = rough + (<usize> i << 2);
    let least = v128.load(at), second = f32x4.splat(Infinity), nearest = i32x4.splat(0);
    for (let j = 1; j < k; j++) {
      const value = v128.load(at + <usize> j * line), isLess = f32x4.lt(value, least);
      second = f32x4.pmin(second, v128.bitselect(least, value, isLess));
      nearest = v128.bitselect(i32x4.splat(j), nearest, isLess);
      least = f32x4.pmin(least, value);
    }
    const to = fresh + (<usize> i << 2);
    v128.store(to, nearest);
    const edge = f32x4.add(least, doubt);
    let unclear = i32x4.bitmask(f32x4.le(second, edge));
    while (unclear !== 0) {
      const lane = ctz(unclear);
      unclear &= unclear - 1;
      if (i + lane >= count) break;
      const limit = lane == 0 ? f32x4.extract_lane(edge, 0) : lane == 1 ? f32x4.extract_lane(edge, 1)
        : lane == 2 ? f32x4.extract_lane(edge, 2) : f32x4.extract_lane(edge, 3);
      setIntAt(fresh, i + lane, decide(i + lane, limit));
    }
  }

  for (let j = 0; j < k; j++) {
    let isEmpty = true;
    for (let i = 0; i < count && isEmpty; i++) isEmpty = intAt(fresh, i) !== j;
    if (isEmpty) averageStale();
  }

  const isFirst = intAt(labels, 0) < 0;
  for (let i = 0; i < count; i++) {
    const to = intAt(fresh, i), from = intAt(labels, i);
    if (to === from) continue;
    changed++;
    setIntAt(labels, i, to);
    if (isFirst) continue;
    if (dots !== 0) {
      leave(i, from);
      join(i, to);
    }
    setIntAt(sizes, from, intAt(sizes, from) - 1);
    setIntAt(sizes, to, intAt(sizes, to) + 1);
    store<u8>(isStale + from, 1);
    store<u8>(isStale + to, 1);
  }
  if (isFirst) gather();
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
