/**
 * The earth mover's distance between two point sets, each of equal weights, with squared Euclidean cost: what
 * `earthMoversDistance(squaredEuclideanCost(…))` gives, up to rounding (1e-12 of it), several times sooner.
 *
 * The costs are held in float32, which halves what the pricing of arcs reads, and doubles what an instruction prices.
 * That rounding makes no difference to the answer: the simplex first solves the rounded problem; then, with the
 * potentials of that tree by exact costs, every arc that rounding could have hidden (its rounded price is below
 * `margin`) is priced by its exact cost in float64, until no such arc is left that improves. That is the same test of
 * optimality as in `network_simplex.ts`, and the distance is summed from exact costs.
 */
import { type Arena, roundUp } from "./kernels.ts";

/** Reduced costs above −(this × largest potential) count as rounding, not as an improvement. */
const RELATIVE_TOLERANCE = 1e-13;
/** Pivots per node after which that tolerance doubles, so that no rounding can keep the loop alive. */
const PATIENCE = 1000;
/** Of the rounded problem; its end need not be exact. */
const ROUGH_TOLERANCE = 1e-7;
/** Rows priced a pivot. */
const BLOCK = 2;
/** A problem where rounding hides more than this share of the arcs in a round is solved in float64 throughout. */
const HIDDEN = 0.02;
/** Rounds of phase 2 after which the problem is solved in float64 throughout. */
const ROUNDS = 100;

/** The rounded costs between all rows of two point sets, in an arena. */
export interface RoundedCosts {
  n: number;
  /** Columns, and those of a row in memory. */
  m: number;
  stride: number;
  dim: number;
  a: Float32Array;
  b: Float32Array;
  /** Of the rows of a. */
  mean: Float64Array;
  /** Addresses: n × stride costs, n × dim sources. */
  cost: number;
  sources: number;
  /** How far a rounded cost can be from the exact one. */
  error: number;
}

/**
 * Rounded costs of all pairs of rows.
 *
 * @param a n × dim, row-major, float32.
 * @param b m × dim.
 */
export function roundedCosts(
  arena: Arena,
  a: Float32Array,
  n: number,
  b: Float32Array,
  m: number,
  dim: number,
): RoundedCosts {
  const stride = roundUp(m, 32);
  const rows = roundUp(n, 4);
  const { kernels } = arena;
  const sources = arena.put(a, rows * dim);
  const cost = arena.take(4 * rows * stride);
  const squaresA = arena.take(4 * rows);
  const squaresB = arena.take(4 * stride);
  // Moved to the sources' mean: the shorter the points, the smaller the rounding.
  const moved = arena.put(a, rows * dim);
  const targets = arena.put(b, stride * dim);
  const panels = arena.take(4 * stride * dim);
  const mean = meanRow(a, n, dim);
  subtract(arena.floats(moved, n * dim), mean);
  subtract(arena.floats(targets, m * dim), mean);
  kernels.squareRows(moved, rows, dim, squaresA);
  kernels.squareRows(targets, m, dim, squaresB);
  const [normsA, normsB] = [
    arena.floats(squaresA, n),
    arena.floats(squaresB, stride),
  ];
  normsB.fill(Infinity, m);
  // A dot product is summed in dim steps, each within 2^-24 of its result; the rest is the rounding of the points,
  // the products and the norms.
  const error = (dim + 16) * 2 ** -24 *
    (largest(normsA) + largest(normsB.subarray(0, m)));
  kernels.packPanels(targets, stride, dim, panels);
  kernels.squaredCosts(
    moved,
    squaresA,
    rows,
    panels,
    squaresB,
    stride,
    dim,
    cost,
  );
  arena.free(squaresA);
  return { n, m, stride, dim, a, b, mean, cost, sources, error };
}

/** The mean of some rows, float64, summed row after row. */
function meanRow(rows: Float32Array, count: number, dim: number): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = 0, at = 0; i < count; i++) {
    for (let d = 0; d < dim; d++, at++) mean[d] += rows[at];
  }
  return mean.map((sum) => sum / count);
}

/** Subtracts an origin from rows, in their place. */
function subtract(rows: Float32Array, origin: Float64Array): void {
  for (let at = 0; at < rows.length;) {
    for (let d = 0; d < origin.length; d++, at++) rows[at] -= origin[d];
  }
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** A distance, and the potentials of its sources: u of `earthMoversDistance`, up to rounding. */
export interface Transported {
  distance: number;
  sourcePotentials: Float64Array;
}

/** A problem on its way to a solution; addresses as in wasm/transport.as. */
interface Problem {
  n: number;
  m: number;
  /** Parent, depth, next and previous node of every node, int32. */
  ints: number;
  /** Flow and potential of every node, float64. */
  floats: number;
  /** Enters the problem into the kernels, without a tree. */
  setup(): void;
}

/**
 * The distance between all rows of `a` and the listed rows of `b`.
 *
 * @param columns ascending indices, at least one.
 */
export function transport(
  arena: Arena,
  costs: RoundedCosts,
  columns: Int32Array,
): Transported {
  return solve(arena, costs, columns, (problem) => {
    if (!solveRounded(arena, problem, costs.error)) solveExact(arena, problem);
  });
}

/** The same by exact costs from the start; slower, except where rounding hides many arcs. */
export function transportExact(
  arena: Arena,
  costs: RoundedCosts,
  columns: Int32Array,
): Transported {
  return solve(arena, costs, columns, (problem) => solveExact(arena, problem));
}

function solve(
  arena: Arena,
  costs: RoundedCosts,
  columns: Int32Array,
  work: (problem: Problem) => void,
): Transported {
  const { n, dim } = costs;
  const m = columns.length;
  const nodes = n + m;
  const start = arena.take(0);
  const { cost, stride } = m === costs.m
    ? costs
    : gatherCosts(arena, costs, columns);
  const reduction = arena.take(4 * stride);
  const ints = arena.take(4 * 4 * nodes);
  const floats = arena.take(2 * 8 * nodes);
  const targets = arena.put(gatherRows(costs.b, columns, dim));
  work({
    n,
    m,
    ints,
    floats,
    setup: () =>
      arena.kernels.setup(
        n,
        m,
        stride,
        dim,
        cost,
        reduction,
        costs.sources,
        targets,
        ints,
        floats,
      ),
  });
  const answer = {
    distance: sumFlow(arena, n, m, ints, floats),
    sourcePotentials: arena.doubles(floats + 8 * nodes, n).map((p) => 0 - p),
  };
  arena.free(start);
  return answer;
}

/** Both phases; returns false where rounding hides too many arcs, or arcs for too long. */
function solveRounded(arena: Arena, problem: Problem, error: number): boolean {
  const { kernels } = arena;
  const { n, m } = problem;
  problem.setup();
  const start = arena.take(0);
  const regrets = arena.take(4 * n);
  kernels.regrets(regrets);
  enterFirstTree(arena, problem, arena.floats(regrets, n), 0);
  arena.free(start);

  const scale = kernels.recompute(false);
  kernels.improve(ROUGH_TOLERANCE * scale, BLOCK);
  const limit = HIDDEN * n * m + 64 * (n + m);
  for (let round = 0; round <= ROUNDS; round++) {
    const largest = kernels.recompute(true);
    // Potentials are rounded where they are subtracted, and so is the difference.
    const margin = error + 4 * 2 ** -24 * (largest + 1);
    const pivots = kernels.perfect(
      RELATIVE_TOLERANCE * largest,
      margin,
      limit,
    );
    if (pivots === 0) return true;
    if (pivots < 0) return false;
  }
  return false;
}

/** The simplex by exact costs alone. */
function solveExact(arena: Arena, problem: Problem): void {
  const { kernels } = arena;
  const { n, m } = problem;
  problem.setup();
  const start = arena.take(0);
  kernels.fillExact(arena.take(8 * n * m));
  const minima = arena.take(8 * m);
  const regrets = arena.take(8 * n);
  kernels.regretsExact(minima, regrets);
  enterFirstTree(arena, problem, arena.doubles(regrets, n), minima);
  const block = Math.ceil(Math.sqrt(n / m));
  kernels.improveExact(RELATIVE_TOLERANCE, block, PATIENCE * (n + m));
  arena.free(start);
}

function gatherRows(
  points: Float32Array,
  rows: Int32Array,
  dim: number,
): Float32Array {
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, i) =>
    out.set(points.subarray(row * dim, (row + 1) * dim), i * dim)
  );
  return out;
}

function gatherCosts(
  arena: Arena,
  costs: RoundedCosts,
  columns: Int32Array,
): { cost: number; stride: number } {
  const stride = roundUp(columns.length, 32);
  const cost = arena.take(4 * costs.n * stride);
  const from = arena.floats(costs.cost, costs.n * costs.stride);
  const to = arena.floats(cost, costs.n * stride);
  for (let i = 0; i < costs.n; i++) {
    const row = i * stride;
    const source = i * costs.stride;
    for (let j = 0; j < columns.length; j++) {
      to[row + j] = from[source + columns[j]];
    }
    to.fill(Infinity, row + columns.length, row + stride);
  }
  return { cost, stride };
}

function units(n: number, m: number): { supply: number; demand: number } {
  let [divisor, rest] = [n, m];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return { supply: m / divisor, demand: n / divisor };
}

/**
 * A feasible, strongly feasible first tree: every source goes to the targets of least cost less the column's minimum,
 * those that lose most by not getting their first choice first.
 *
 * @param regret of each source, what it loses at least.
 * @param minima as `assign` of wasm/transport.as takes them.
 */
function enterFirstTree(
  arena: Arena,
  { n, m, ints, floats }: Problem,
  regret: Float32Array | Float64Array,
  minima: number,
): void {
  const nodes = n + m;
  const { supply, demand } = units(n, m);
  const order = Int32Array.from(regret.keys()).sort((i, k) =>
    regret[k] - regret[i] || i - k
  );
  const start = arena.take(0);
  const list = arena.putInts(order);
  const need = arena.take(8 * m);
  const needEps = arena.take(8 * m);
  const source = arena.take(4 * nodes);
  const target = arena.take(4 * nodes);
  const flow = arena.take(8 * nodes);
  const count = arena.kernels.assign(
    list,
    supply,
    demand,
    need,
    needEps,
    source,
    target,
    flow,
    minima,
  );
  const arcs = {
    source: arena.ints(source, count),
    target: arena.ints(target, count),
    flow: arena.doubles(flow, count),
  };
  hang(arcs, n, {
    parent: arena.ints(ints, nodes),
    depth: arena.ints(ints + 4 * nodes, nodes),
    next: arena.ints(ints + 8 * nodes, nodes),
    prev: arena.ints(ints + 12 * nodes, nodes),
    flow: arena.doubles(floats, nodes),
  });
  arena.free(start);
}

/** The arcs of a spanning tree, in no particular order. */
interface TreeArcs {
  source: Int32Array;
  target: Int32Array;
  flow: Float64Array;
}

/** The same tree, by nodes; see the top of this file. */
interface Tree {
  parent: Int32Array;
  depth: Int32Array;
  next: Int32Array;
  prev: Int32Array;
  flow: Float64Array;
}

/** Hangs the arcs from the first target: parents, depths and the preorder thread. */
function hang(arcs: TreeArcs, n: number, tree: Tree): void {
  const { parent, depth, next, prev, flow } = tree;
  const nodes = parent.length;
  const count = arcs.flow.length;

  // The arcs at each node, as ranges of one array (compressed adjacency).
  const start = new Int32Array(nodes + 1);
  for (let k = 0; k < count; k++) {
    start[arcs.source[k] + 1]++;
    start[n + arcs.target[k] + 1]++;
  }
  for (let x = 0; x < nodes; x++) start[x + 1] += start[x];
  const cursor = start.slice(0, nodes);
  const incident = new Int32Array(2 * count);
  for (let k = 0; k < count; k++) {
    incident[cursor[arcs.source[k]]++] = k;
    incident[cursor[n + arcs.target[k]]++] = k;
  }

  // Depth-first walk, climbing back by the parents just set.
  cursor.set(start.subarray(0, nodes));
  const root = n;
  parent[root] = -1;
  depth[root] = 0;
  flow[root] = 0;
  let x = root;
  let last = root;
  for (;;) {
    if (cursor[x] < start[x + 1]) {
      const k = incident[cursor[x]++];
      const child = x < n ? n + arcs.target[k] : arcs.source[k];
      if (child === parent[x]) continue;
      parent[child] = x;
      depth[child] = depth[x] + 1;
      flow[child] = arcs.flow[k];
      next[last] = child;
      prev[child] = last;
      last = x = child;
    } else if (x === root) break;
    else x = parent[x];
  }
  next[last] = root;
  prev[root] = last;
}

/** Flow times exact cost, by source and then by target. */
function sumFlow(
  arena: Arena,
  n: number,
  m: number,
  ints: number,
  floats: number,
): number {
  const parent = arena.ints(ints, n + m);
  const flow = arena.doubles(floats, n + m);
  const arcs: { i: number; j: number; units: number }[] = [];
  for (let x = 0; x < n + m; x++) {
    if (parent[x] < 0 || flow[x] === 0) continue;
    const [i, j] = x < n ? [x, parent[x] - n] : [parent[x], x - n];
    arcs.push({ i, j, units: flow[x] });
  }
  arcs.sort((a, b) => a.i - b.i || a.j - b.j);
  let sum = 0;
  for (const { i, j, units } of arcs) {
    sum += units * arena.kernels.exactCost(i, j);
  }
  return sum / (units(n, m).supply * n);
}

/**
 * A lower bound on the distance between all rows of `a` and each set of columns: u, whatever it is, and its
 * c-transform v are feasible potentials, so that W ≥ mean(u) + mean(v) over the set. `v` is worked out once for all
 * columns, from the rounded costs; the bound is lowered by all that rounding can have added.
 *
 * @param u potentials of the sources, best those of a set that was solved.
 * @param sets column indices, each set of at least one.
 */
export function lowerBounds(
  arena: Arena,
  { n, stride, cost, error }: RoundedCosts,
  u: Float64Array,
  sets: Int32Array[],
): number[] {
  const start = arena.take(0);
  const sources = arena.put(Float32Array.from(u), n);
  const out = arena.take(4 * stride);
  arena.kernels.transformed(cost, n, stride, sources, out);
  const used = arena.floats(sources, n);
  const v = arena.floats(out, stride);
  const sum = (values: Float32Array) =>
    values.reduce((s, value) => s + value, 0);
  const mean = sum(used) / n;
  const bounds = sets.map((columns) => {
    let total = 0;
    let largest = 0;
    for (const j of columns) {
      total += v[j];
      largest = Math.max(largest, Math.abs(v[j]));
    }
    const rounding = 2 ** -22 * (largest + Math.abs(mean)) + error;
    return mean + total / columns.length - rounding;
  });
  arena.free(start);
  return bounds;
}

/** Steps of `raisedBound`. */
const STEPS = 24;

/**
 * A lower bound on the distance between all rows of `a` and a set of columns, raised until it is above `wanted`, or the
 * highest that a few steps reach: supergradient ascent of the dual (Polyak 1969). A source that too few columns choose
 * gets a higher potential, one that too many choose a lower one; whatever the potentials, the bound holds.
 *
 * @param u potentials of the sources to start from.
 */
export function raisedBound(
  arena: Arena,
  costs: RoundedCosts,
  u: Float64Array,
  columns: Int32Array,
  wanted: number,
): number {
  const { n, error } = costs;
  const m = columns.length;
  const start = arena.take(0);
  const { cost, stride } = gatherCosts(arena, costs, columns);
  const at = arena.put(Float32Array.from(u), n);
  const out = arena.take(4 * stride);
  const chosen = arena.take(4 * stride);
  const potentials = arena.floats(at, n);
  const v = arena.floats(out, m);
  const source = arena.ints(chosen, m);
  const load = new Int32Array(n);
  let highest = -Infinity;
  for (let step = 0; step < STEPS; step++) {
    arena.kernels.nearestSources(cost, n, stride, at, out, chosen);
    load.fill(0);
    let largest = 0;
    let total = 0;
    for (let j = 0; j < m; j++) {
      load[source[j]]++;
      total += v[j];
      largest = Math.max(largest, Math.abs(v[j]));
    }
    let mean = 0;
    let norm = 0;
    for (let i = 0; i < n; i++) {
      mean += potentials[i] / n;
      largest = Math.max(largest, Math.abs(potentials[i]));
      norm += (1 / n - load[i] / m) ** 2;
    }
    const bound = mean + total / m - 2 ** -21 * largest - error;
    highest = Math.max(highest, bound);
    if (highest > wanted || norm === 0) break;
    const length = (wanted - bound + 0.02 * Math.abs(wanted)) / norm;
    for (let i = 0; i < n; i++) {
      potentials[i] += length * (1 / n - load[i] / m);
    }
  }
  arena.free(start);
  return highest;
}

/**
 * A lower bound on the same distance: the squared distance of the means (Jensen), lowered by what rounding can have
 * added.
 */
export function meanBound(
  { mean, b, dim, error }: RoundedCosts,
  columns: Int32Array,
): number {
  const other = new Float64Array(dim);
  for (const j of columns) {
    for (let d = 0, at = j * dim; d < dim; d++, at++) other[d] += b[at];
  }
  let bound = 0;
  let squares = 0;
  for (let d = 0; d < dim; d++) {
    other[d] /= columns.length;
    bound += (mean[d] - other[d]) ** 2;
    squares += mean[d] ** 2 + other[d] ** 2;
  }
  return bound - error - 2 ** -38 * squares;
}
