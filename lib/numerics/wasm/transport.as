// The network simplex of ../transport.ts, which states the problem and the invariants, and lays out the memory. Rounded
// costs have `stride` columns a row, a multiple of 32; those beyond m cost +∞.

let n: i32, m: i32, stride: i32, dim: i32;
let cost: usize, reduction: usize, sources: usize, targets: usize;
let parent: usize, depth: usize, next: usize, prev: usize, flow: usize, potential: usize;
let pivots: i32;

export function setup(
  n_: i32, m_: i32, stride_: i32, dim_: i32, cost_: usize, reduction_: usize, sources_: usize, targets_: usize,
  ints: usize, floats: usize,
): void {
  n = n_; m = m_; stride = stride_; dim = dim_;
  cost = cost_; reduction = reduction_; sources = sources_; targets = targets_;
  const nodes = <usize> (n + m);
  parent = ints; depth = ints + (nodes << 2); next = depth + (nodes << 2); prev = next + (nodes << 2);
  flow = floats; potential = floats + (nodes << 3);
  pivots = 0;
}

@inline function int(base: usize, i: i32): i32 { return load<i32>(base + (<usize> i << 2)); }
@inline function setInt(base: usize, i: i32, x: i32): void { store<i32>(base + (<usize> i << 2), x); }
@inline function real(base: usize, i: i32): f64 { return load<f64>(base + (<usize> i << 3)); }
@inline function setReal(base: usize, i: i32, x: f64): void { store<f64>(base + (<usize> i << 3), x); }
@inline function row(i: i32): usize { return cost + (<usize> i * <usize> stride << 2); }
@inline function rounded(i: i32, j: i32): f64 { return <f64> load<f32>(row(i) + (<usize> j << 2)); }

/** The exact cost: squares of differences, float64, dimension after dimension. */
function exact(i: i32, j: i32): f64 {
  const x = sources + (<usize> (i * dim) << 2), y = targets + (<usize> (j * dim) << 2);
  const end = <usize> dim << 2;
  let sum: f64 = 0;
  for (let d: usize = 0; d < end; d += 4) {
    const e = <f64> load<f32>(x + d) - <f64> load<f32>(y + d);
    sum += e * e;
  }
  return sum;
}

export { exact as exactCost };

/** The least `line[j] − reduction[j]`, rounded to float32, and where it first is. */
let least: f32;
function argmin(line: usize): i32 {
  let best = f32x4.splat(Infinity);
  let block: usize = 0;
  const end = <usize> stride << 2;
  for (let at: usize = 0; at < end; at += 128) {
    const c = line + at, r = reduction + at;
    let a = f32x4.pmin(f32x4.sub(v128.load(c), v128.load(r)), f32x4.sub(v128.load(c, 16), v128.load(r, 16)));
    let b = f32x4.pmin(f32x4.sub(v128.load(c, 32), v128.load(r, 32)), f32x4.sub(v128.load(c, 48), v128.load(r, 48)));
    a = f32x4.pmin(a, f32x4.sub(v128.load(c, 64), v128.load(r, 64)));
    b = f32x4.pmin(b, f32x4.sub(v128.load(c, 80), v128.load(r, 80)));
    a = f32x4.pmin(a, f32x4.sub(v128.load(c, 96), v128.load(r, 96)));
    b = f32x4.pmin(b, f32x4.sub(v128.load(c, 112), v128.load(r, 112)));
    a = f32x4.pmin(a, b);
    if (v128.any_true(f32x4.lt(a, best))) {
      a = f32x4.pmin(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
      a = f32x4.pmin(a, i32x4.shuffle(a, a, 1, 0, 3, 2));
      best = a;
      block = at;
    }
  }
  least = f32x4.extract_lane(best, 0);
  const last = block + 128;
  for (let at = block; at < last; at += 4) {
    if (load<f32>(line + at) - load<f32>(reduction + at) === least) return <i32> (at >> 2);
  }
  return -1;
}

/** Column minima into `reduction`; then the regret of every row, float32. */
export function regrets(out: usize): void {
  for (let j = 0; j < stride; j += 4) {
    const at = <usize> j << 2;
    let low = f32x4.splat(Infinity);
    for (let i = 0; i < n; i++) low = f32x4.pmin(low, v128.load(row(i) + at));
    v128.store(reduction + at, low);
  }
  for (let j = m; j < stride; j++) store<f32>(reduction + (<usize> j << 2), 0);
  for (let i = 0; i < n; i++) {
    let first = f32x4.splat(Infinity), second = first;
    const line = row(i);
    for (let j = 0; j < stride; j += 4) {
      const c = f32x4.sub(v128.load(line + (<usize> j << 2)), v128.load(reduction + (<usize> j << 2)));
      second = f32x4.pmin(second, f32x4.pmax(first, c));
      first = f32x4.pmin(first, c);
    }
    let low: f32 = Infinity, next: f32 = Infinity;
    for (let k = 0; k < 4; k++) {
      const a = k == 0 ? f32x4.extract_lane(first, 0) : k == 1 ? f32x4.extract_lane(first, 1)
        : k == 2 ? f32x4.extract_lane(first, 2) : f32x4.extract_lane(first, 3);
      const b = k == 0 ? f32x4.extract_lane(second, 0) : k == 1 ? f32x4.extract_lane(second, 1)
        : k == 2 ? f32x4.extract_lane(second, 2) : f32x4.extract_lane(second, 3);
      if (a < low) { next = min<f32>(low, b); low = a; }
      else next = min<f32>(next, a);
    }
    store<f32>(out + (<usize> i << 2), next < <f32> Infinity ? next - low : 0);
  }
}

/**
 * The first tree arcs, sources in the given order: each goes to the targets of least reduced cost until it is spent.
 *
 * Each step exhausts either a source or a target, and must exhaust exactly one for the arcs to form a tree. So ties are
 * broken as if every node but the root supplied ε more and the root took in the difference: amounts are pairs (units,
 * multiples of ε). No proper subset of nodes then balances, and the one basis of the perturbed problem that results is
 * strongly feasible for the true one.
 *
 * @param minima 0 for rounded costs; for exact ones, what `regretsExact` filled in.
 */
export function assign(
  order: usize, supply: f64, demand: f64, need: usize, needEps: usize, arcSource: usize, arcTarget: usize,
  arcFlow: usize, minima: usize,
): i32 {
  for (let j = 0; j < m; j++) {
    setReal(need, j, demand);
    setReal(needEps, j, -1);
  }
  setReal(needEps, 0, <f64> (n + m - 1));
  let open = m, count = 0;
  for (let k = 0; k < n; k++) {
    const i = int(order, k);
    let have = supply, haveEps: f64 = 1;
    while (true) {
      const j = minima === 0 ? argmin(row(i)) : argminExact(i, minima);
      setInt(arcSource, count, i);
      setInt(arcTarget, count, j);
      const left = real(need, j), leftEps = real(needEps, j);
      if (have < left || (have === left && haveEps < leftEps)) {
        setReal(arcFlow, count++, have);
        setReal(need, j, left - have);
        setReal(needEps, j, leftEps - haveEps);
        break;
      }
      setReal(arcFlow, count++, left);
      have -= left;
      haveEps -= leftEps;
      if (minima === 0) store<f32>(reduction + (<usize> j << 2), -Infinity);
      else setReal(minima, j, -Infinity);
      if (--open === 0) break;
    }
  }
  return count;
}

@inline function setPotential(x: i32, value: f64): void {
  setReal(potential, x, value);
  if (x >= n) store<f32>(reduction + (<usize> (x - n) << 2), <f32> value);
}

/** Sets every potential from the tree alone, so that tree arcs price at 0; returns the largest magnitude. */
export function recompute(isExact: bool): f64 {
  let largest: f64 = 0;
  setPotential(n, 0);
  for (let x = int(next, n); x !== n; x = int(next, x)) {
    const above = int(parent, x);
    const value = x < n
      ? real(potential, above) - (isExact ? exact(x, above - n) : rounded(x, above - n))
      : real(potential, above) + (isExact ? exact(above, x - n) : rounded(above, x - n));
    setPotential(x, value);
    largest = max(largest, abs(value));
  }
  return largest;
}

/**
 * Lets the arc (source, target) of negative reduced cost enter the tree, and restores the invariants.
 *
 * The cycle runs source → target, then up the tree to the apex, then down to the source again. Flow falls on the arcs
 * that it passes against their direction: those above a target on the target's side, those above a source on the
 * source's side. Of the arcs that block, the last one met from the apex onwards leaves, which keeps the tree strongly
 * feasible.
 */
function pivot(source: i32, target: i32, reducedCost: f64): void {
  // Ratio test, climbing from both ends until they meet at the apex. "Last met from the apex" is the lowest blocking
  // arc on the source's side (<), the highest on the target's side (≤).
  let left = source, right = target, leaving = -1, targetLeaving = -1;
  let sourceStep: f64 = Infinity, targetStep: f64 = Infinity;
  while (left !== right) {
    if (int(depth, left) > int(depth, right)) {
      if (left < n && real(flow, left) < sourceStep) {
        sourceStep = real(flow, left);
        leaving = left;
      }
      left = int(parent, left);
    } else {
      if (right >= n && real(flow, right) <= targetStep) {
        targetStep = real(flow, right);
        targetLeaving = right;
      }
      right = int(parent, right);
    }
  }
  const apex = left;
  const onTargetSide = targetStep <= sourceStep;
  if (onTargetSide) leaving = targetLeaving;
  const step = onTargetSide ? targetStep : sourceStep;
  if (step > 0) {
    for (let x = source; x !== apex; x = int(parent, x)) {
      setReal(flow, x, real(flow, x) + (x < n ? -step : step));
    }
    for (let x = target; x !== apex; x = int(parent, x)) {
      setReal(flow, x, real(flow, x) + (x < n ? step : -step));
    }
  }

  // Cut off the subtree of `leaving` and hang it by its end of the entering arc below the other end. Its nodes on the
  // path from that end (`stem`) up to `leaving` turn upside down. In the new preorder each stem node comes with all
  // that hung below it except through the stem node before, and that is a run of the old thread once the run before has
  // been taken out of it.
  const anchor = onTargetSide ? source : target;
  const head = onTargetSide ? target : source;
  const shift = onTargetSide ? reducedCost : -reducedCost;
  let stem = head, tail = -1, newParent = anchor, newFlow = step, newDepth = int(depth, anchor) + 1;
  while (true) {
    const oldDepth = int(depth, stem), lift = newDepth - oldDepth, before = int(prev, stem);
    let last = stem, after = stem;
    do {
      setPotential(after, real(potential, after) + shift);
      setInt(depth, after, int(depth, after) + lift);
      last = after;
      after = int(next, after);
    } while (int(depth, after) > oldDepth);
    setInt(next, before, after);
    setInt(prev, after, before);
    if (tail >= 0) {
      setInt(next, tail, stem);
      setInt(prev, stem, tail);
    }
    tail = last;
    const above = int(parent, stem), oldFlow = real(flow, stem);
    setInt(parent, stem, newParent);
    setReal(flow, stem, newFlow);
    if (stem === leaving) break;
    newParent = stem;
    newFlow = oldFlow;
    newDepth++;
    stem = above;
  }
  const follower = int(next, anchor);
  setInt(next, anchor, head);
  setInt(prev, head, anchor);
  setInt(next, tail, follower);
  setInt(prev, follower, tail);
  pivots++;
}

/** Phase 1: pivots until no arc prices below −tolerance by the rounded costs; prices `block` rows a pivot at least. */
export function improve(tolerance: f64, block: i32): void {
  recompute(false);
  let at = 0, quiet = 0, refreshAt = n + m;
  while (quiet < n) {
    let best = -tolerance, source = -1, target = -1;
    for (let priced = 0; quiet < n && (priced < block || source < 0); priced++) {
      const j = argmin(row(at));
      const value = rounded(at, j) + real(potential, at) - real(potential, n + j);
      if (value < best) {
        best = value;
        source = at;
        target = n + j;
      }
      if (++at === n) at = 0;
      quiet++;
    }
    if (source < 0) break;
    pivot(source, target, best);
    quiet = 0;
    if (pivots >= refreshAt) {
      recompute(false);
      refreshAt = pivots + n + m;
    }
  }
}

/** The exact costs of all pairs, n × m, float64, once `fillExact` was called. */
let exactCosts: usize;

/** Fills in all exact costs, four columns at a time to keep as many independent additions in flight. */
export function fillExact(out: usize): void {
  exactCosts = out;
  const width = <usize> dim << 2, last = m - 1;
  for (let i = 0; i < n; i++) {
    const x = sources + <usize> i * width, line = out + (<usize> i * <usize> m << 3);
    for (let j = 0; j < m; j += 4) {
      // The last column stands in for those beyond it.
      const j1 = min(j + 1, last), j2 = min(j + 2, last), j3 = min(j + 3, last);
      const y0 = targets + <usize> j * width, y1 = targets + <usize> j1 * width;
      const y2 = targets + <usize> j2 * width, y3 = targets + <usize> j3 * width;
      let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
      for (let d: usize = 0; d < width; d += 4) {
        const a = <f64> load<f32>(x + d);
        const e0 = a - <f64> load<f32>(y0 + d), e1 = a - <f64> load<f32>(y1 + d);
        const e2 = a - <f64> load<f32>(y2 + d), e3 = a - <f64> load<f32>(y3 + d);
        s0 += e0 * e0;
        s1 += e1 * e1;
        s2 += e2 * e2;
        s3 += e3 * e3;
      }
      setReal(line, j, s0);
      setReal(line, j1, s1);
      setReal(line, j2, s2);
      setReal(line, j3, s3);
    }
  }
}

/** The least exact cost of row i less `from[j]`, and where it first is. */
let leastExact: f64;
function argminExact(i: i32, from: usize): i32 {
  const line = exactCosts + (<usize> i * <usize> m << 3);
  let best: f64 = Infinity, where = -1;
  for (let j = 0; j < m; j++) {
    const value = real(line, j) - real(from, j);
    if (value < best) {
      best = value;
      where = j;
    }
  }
  leastExact = best;
  return where;
}

/** Column minima of the exact costs into `minima`; then the regret of every row; both float64. */
export function regretsExact(minima: usize, out: usize): void {
  for (let j = 0; j < m; j++) setReal(minima, j, Infinity);
  for (let i = 0; i < n; i++) {
    const line = exactCosts + (<usize> i * <usize> m << 3);
    for (let j = 0; j < m; j++) setReal(minima, j, min(real(minima, j), real(line, j)));
  }
  for (let i = 0; i < n; i++) {
    const line = exactCosts + (<usize> i * <usize> m << 3);
    let first: f64 = Infinity, second: f64 = Infinity;
    for (let j = 0; j < m; j++) {
      const value = real(line, j) - real(minima, j);
      second = min(second, max(first, value));
      first = min(first, value);
    }
    setReal(out, i, second < Infinity ? second - first : 0);
  }
}

/**
 * Pivots until no arc prices below the tolerance by the exact costs, with potentials that no increment has touched.
 *
 * @param slack tolerance as a share of the largest potential.
 * @param block rows priced a pivot, at least.
 * @param patience pivots after which the slack doubles, so that no rounding can keep the loop alive.
 */
export function improveExact(slack: f64, block: i32, patience: i32): void {
  pivots = 0;
  let tolerance = slack * recompute(true);
  let at = 0, quiet = 0, refreshAt = n + m, limit = patience, isFresh = true;
  while (true) {
    let best = -tolerance, source = -1, target = -1;
    for (let priced = 0; quiet < n && (priced < block || source < 0); priced++) {
      const j = argminExact(at, potential + (<usize> n << 3));
      const value = leastExact + real(potential, at);
      if (value < best) {
        best = value;
        source = at;
        target = n + j;
      }
      if (++at === n) at = 0;
      quiet++;
    }
    if (source >= 0) {
      pivot(source, target, best);
      isFresh = false;
      quiet = 0;
      // Increments drift; a sweep per n + m pivots costs next to nothing and keeps them true.
      if (pivots < refreshAt) continue;
      refreshAt = pivots + n + m;
      if (pivots > limit) {
        limit += patience;
        slack *= 2;
      }
    } else if (isFresh) return;
    tolerance = slack * recompute(true);
    isFresh = true;
    quiet = 0;
  }
}

/**
 * Phase 2, one round over all rows with exact costs: of every row's arcs whose float32 price is below `margin`, the
 * most negative by the exact cost enters. Returns the pivots made, or −1 after `limit` exact costs.
 */
export function perfect(tolerance: f64, margin: f64, limit: i32): i32 {
  const before = pivots;
  let priced = 0;
  for (let i = 0; i < n; i++) {
    const line = row(i);
    const edge = f32x4.splat(<f32> (margin - real(potential, i)));
    let best = -tolerance, target = -1;
    for (let j = 0; j < stride; j += 4) {
      const at = <usize> j << 2;
      let hits = i32x4.bitmask(f32x4.lt(f32x4.sub(v128.load(line + at), v128.load(reduction + at)), edge));
      while (hits !== 0) {
        const k = j + ctz(hits);
        hits &= hits - 1;
        if (k >= m) break;
        if (++priced > limit) return -1;
        const value = exact(i, k) + real(potential, i) - real(potential, n + k);
        if (value < best) {
          best = value;
          target = n + k;
        }
      }
    }
    if (target >= 0) pivot(i, target, best);
  }
  return pivots - before;
}
