/**
 * The earth mover's distance between two point sets, each of equal weights, with squared Euclidean costs.
 *
 * Problem, for n sources and m targets, cost[i,j] = |a[i] − b[j]|²:
 *
 *     minimise    Σ_ij cost[i,j] · mass[i,j]
 *     subject to  Σ_j mass[i,j] = 1/n,   Σ_i mass[i,j] = 1/m,   mass ≥ 0
 *
 * Method: the primal network simplex on strongly feasible trees (wasm/transport.as). Masses are counted in integer
 * units, m/g at a source and n/g at a target with g = gcd(n, m), so that the ratio test is exact and ties cannot make
 * it cycle.
 *
 * The costs are held in float32, which halves what the pricing of arcs reads, and doubles what an instruction prices.
 * That rounding makes no difference to the answer. Phase 1 solves the rounded problem. Phase 2 gives the potentials of
 * that tree by exact costs, and prices by its exact cost, in float64, every arc that rounding could have hidden (its
 * rounded price is below `margin`), until none of them improves. Where rounding hides too many arcs (points that are
 * equal, or nearly), the problem is solved anew by exact costs alone.
 *
 * A basis is a spanning tree of the n + m nodes: sources 0..n−1, targets n..n+m−1, the root target n. A tree arc is the
 * pair (node, parent) and leads from its source end to its target end; every other arc is empty.
 *
 * Invariants, true between any two pivots:
 * 1. The tree is strongly feasible: an empty tree arc points at the root, that is, its child end is a source
 *    (Cunningham 1976).
 * 2. `next` and `prev` thread the tree in preorder, in a circle: a subtree is the run of nodes from its own root up to
 *    the next node that is no deeper.
 * 3. `cost + potential[source] − potential[target] = 0` on every tree arc, up to rounding.
 *
 * Optimal is a tree without an arc of reduced cost below −1e-13 of the largest potential. The distance is summed from
 * exact costs; no root is taken, so that it is the squared 2-Wasserstein distance.
 *
 * Source: Ahuja, Magnanti & Orlin, *Network Flows* (1993), chapter 11; Bonneel, van de Panne, Paris & Heidrich (2011);
 * Peyré & Cuturi, *Computational Optimal Transport* (2019), section 3.
 */
import type { Arena } from "./kernels.ts";
import { gatherPatches } from "./patches.ts";
import { gatherCosts, type RoundedCosts } from "./rounded_costs.ts";

/** Reduced costs above −(this × largest potential) count as rounding, not as an improvement. */
const RELATIVE_TOLERANCE = 1e-13;
/** Pivots per node after which that tolerance doubles, so that no rounding can keep the loop alive. */
const PATIENCE = 1000;
/** The same for phase 1, whose end need not be exact. */
const ROUGH_TOLERANCE = 1e-7;
/** Rows that phase 1 prices a pivot. */
const BLOCK = 2;
/** Where rounding hides more than this share of the arcs in a round of phase 2, exact costs alone are used. */
const HIDDEN = 0.02;
/** Rounds of phase 2 after which exact costs alone are used. */
const ROUNDS = 100;

export interface Transported {
  /** In squared units of the points. */
  distance: number;
  /**
   * u of the dual problem, length n, up to a constant: with its c-transform v[j] = min_i cost[i,j] − u[i] it proves the
   * distance, which is mean(u) + mean(v) up to rounding.
   */
  sourcePotentials: Float64Array;
}

/** A problem that the kernels have been given. */
interface Problem {
  n: number;
  m: number;
  /** Address of parent, depth, next and previous node of every node, int32. */
  ints: number;
  /** Address of flow and potential of every node, float64. */
  floats: number;
}

/**
 * Solves the problem at the top of this file between all rows of `a` and the listed rows of `b`. The answer is a
 * function of the input alone, bit for bit.
 *
 * @param columns ascending indices of rows of `b`, at least one.
 */
export function transport(
  arena: Arena,
  costs: RoundedCosts,
  columns: Int32Array,
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
  const targets = arena.put(gatherPatches(costs.b, dim, columns));
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
  );
  const problem: Problem = { n, m, ints, floats };
  if (!solveRounded(arena, problem, costs.error)) solveExact(arena, problem);
  const answer = {
    distance: sumFlow(arena, problem),
    sourcePotentials: arena.doubles(floats + 8 * nodes, n).map((p) => 0 - p),
  };
  arena.free(start);
  return answer;
}

/**
 * Phases 1 and 2.
 *
 * @param error how far a rounded cost can be from the exact one.
 * @returns false where rounding hides too many arcs, or for too many rounds; the tree is then left anywhere.
 */
function solveRounded(arena: Arena, problem: Problem, error: number): boolean {
  const { kernels } = arena;
  const { n, m } = problem;
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
    const tolerance = RELATIVE_TOLERANCE * largest;
    const pivots = kernels.perfect(tolerance, margin, limit);
    if (pivots === 0) return true;
    if (pivots < 0) return false;
  }
  return false;
}

/** The simplex by exact costs alone; it prices the fewest rows that hold √(nm) arcs a pivot. */
function solveExact(arena: Arena, problem: Problem): void {
  const { kernels } = arena;
  const { n, m } = problem;
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

/** Equal integer supplies of the sources and demands of the targets. */
function units(n: number, m: number): { supply: number; demand: number } {
  let [divisor, rest] = [n, m];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return { supply: m / divisor, demand: n / divisor };
}

/**
 * Enters a strongly feasible first tree: row minimum on column-reduced costs, rows by falling regret.
 *
 * Each source in turn fills its cheapest open targets, cheapness being the cost minus the column's minimum; the sources
 * that lose most by not getting their first choice go first.
 *
 * @param regret of each source: its second smallest less its smallest reduced cost.
 * @param minima as `assign` of wasm/transport.as takes it.
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

/** The same tree, one entry a node; see the top of this file. */
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

/** The distance: flow times exact cost, summed by source and then by target. */
function sumFlow(arena: Arena, { n, m, ints, floats }: Problem): number {
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
