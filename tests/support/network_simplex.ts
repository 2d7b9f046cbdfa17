/**
 * Primal network simplex for the balanced transportation problem on a dense bipartite graph.
 *
 * Problem (`cost` n×m row-major, `supply` n, `demand` m, all float64):
 *
 *     minimise    Σ_ij cost[i,j] · flow[i,j]
 *     subject to  Σ_j flow[i,j] = supply[i],   Σ_i flow[i,j] = demand[j],   flow ≥ 0
 *
 * Supplies and demands are integers held in float64, with equal totals below 2^53. The flow of every
 * basis is then an integer as well, so the ratio test is exact: a tie is a tie, and the strongly
 * feasible rule really does exclude cycling among degenerate bases.
 *
 * A basis is a spanning tree of the n + m nodes: sources 0..n−1, targets n..n+m−1. A tree arc is the
 * pair (node, parent) and always leads from its source end to its target end; every other arc is
 * empty. So no arc is ever stored, and since the first tree comes from a greedy assignment there are
 * no artificial arcs either, hence no big-M to swallow the digits of the potentials.
 *
 * Invariants, true between any two pivots:
 * 1. The tree is strongly feasible: an empty tree arc points at the root, that is, its child end is
 *    a source (Cunningham 1976).
 * 2. `next` and `prev` thread the tree in preorder, in a circle: a subtree is the run of nodes from
 *    its own root up to the next node that is no deeper.
 * 3. `cost + potential[source] − potential[target] = 0` on every tree arc, up to rounding.
 *
 * Memory beside the cost: about 40 bytes a node. Time: O(m) or O(√(nm)), whichever is more, to price
 * an arc that enters, plus O(cycle + moved subtree) to pivot. The number of pivots has no useful
 * bound; up to 31 times n + m was seen in practice.
 *
 * Source: Ahuja, Magnanti & Orlin, *Network Flows* (1993), chapter 11. Network simplex for optimal
 * transport: Bonneel, van de Panne, Paris & Heidrich (2011); Peyré & Cuturi (2019), section 3.5.
 */

/** A spanning-tree basis; every array has one entry per node, sources first. */
export interface TransportBasis {
  /** The root, a target with positive demand. Its potential is 0. */
  readonly root: number;
  /** Parent of a node; −1 at the root and at nodes left out (supply or demand 0). */
  readonly parent: Int32Array;
  /** Arcs between a node and the root. */
  readonly depth: Int32Array;
  /** The following node in preorder; the last node's is the root. */
  readonly next: Int32Array;
  /** The preceding node in preorder, the inverse of `next`. */
  readonly prev: Int32Array;
  /** Flow between a node and its parent, an integer ≥ 0. */
  readonly flow: Float64Array;
  /** The reduced cost of (i, j) is `cost[i,j] + potential[i] − potential[n+j]`; −∞ at left-out targets. */
  readonly potential: Float64Array;
  /** Pivots made so far. */
  pivots: number;
}

/** Reduced costs above −(this × largest potential) count as rounding, not as an improvement. */
const RELATIVE_TOLERANCE = 1e-13;

/** Pivots per node after which the tolerance doubles, so that no rounding can keep the loop alive. */
const PATIENCE = 1000;

/**
 * Solve the transportation problem; the basis returned is optimal.
 *
 * Nodes with zero supply or demand take no part. At least one source and one target must take part;
 * costs must be finite, of either sign. Nothing is checked. The answer is a function of the input
 * alone, bit for bit.
 *
 * Pricing goes round the sources: it takes the most negative reduced cost among the next block of
 * whole rows, a block being the fewest rows that hold √(nm) arcs. Tree arcs price at 0 and drop out by
 * themselves.
 *
 * @param cost n×m row-major
 * @param supply length n, integers ≥ 0
 * @param demand length m, integers ≥ 0, same sum as `supply`
 */
export function solveTransport(
  cost: Float64Array,
  n: number,
  m: number,
  supply: Float64Array,
  demand: Float64Array,
): TransportBasis {
  const basis = hang(assignGreedily(cost, n, m, supply, demand), n, m, demand);
  const { potential } = basis;
  const targetPotential = potential.subarray(n);
  const rows = Int32Array.from(supply.keys()).filter((i) => supply[i] > 0);
  const block = Math.ceil(Math.sqrt(rows.length / m));

  let slack = RELATIVE_TOLERANCE;
  let tolerance = slack * recomputePotentials(basis, cost, n, m);
  let fresh = true; // no pivot since the potentials were last recomputed
  let patience = PATIENCE * (n + m);
  let refreshAt = n + m;
  let at = 0; // the row priced next
  let quiet = 0; // rows priced in a row without finding an arc

  for (;;) {
    // Pricing: the best arc of this block, or of the first block that has one.
    let best = -tolerance;
    let source = -1;
    let target = -1;
    for (
      let priced = 0;
      quiet < rows.length && (priced < block || source < 0);
      priced++
    ) {
      const i = rows[at];
      const row = i * m;
      let least = Infinity;
      let where = -1;
      for (let j = 0; j < m; j++) {
        const c = cost[row + j] - targetPotential[j];
        if (c < least) {
          least = c;
          where = j;
        }
      }
      least += potential[i];
      if (least < best) {
        best = least;
        source = i;
        target = n + where;
      }
      if (++at === rows.length) at = 0;
      quiet++;
    }

    if (source >= 0) {
      pivot(basis, n, source, target, best);
      fresh = false;
      quiet = 0;
      // Increments drift; a sweep per n + m pivots costs next to nothing and keeps them true.
      if (basis.pivots < refreshAt) continue;
      refreshAt = basis.pivots + n + m;
      if (basis.pivots > patience) {
        patience += PATIENCE * (n + m);
        slack *= 2;
      }
    } else if (fresh) {
      return basis; // optimal by potentials that no increment has touched
    }
    tolerance = slack * recomputePotentials(basis, cost, n, m);
    fresh = true;
    quiet = 0;
  }
}

/**
 * Let the arc (source, target) of negative reduced cost enter the tree, and restore invariants 1–3.
 *
 * The cycle runs source → target, then up the tree to the apex, then down to the source again. Flow
 * falls on the arcs that it passes against their direction: those above a target on the target's
 * side, those above a source on the source's side. Of the arcs that block, the last one met from the
 * apex onwards leaves, which keeps the tree strongly feasible.
 */
function pivot(
  basis: TransportBasis,
  n: number,
  source: number,
  target: number,
  reducedCost: number,
): void {
  const { parent, depth, next, prev, flow, potential } = basis;

  // Ratio test, climbing from both ends until they meet at the apex. "Last met from the apex" is the
  // lowest blocking arc on the source's side (<), the highest on the target's side (≤).
  let left = source;
  let right = target;
  let leaving = -1;
  let sourceStep = Infinity;
  let targetLeaving = -1;
  let targetStep = Infinity;
  while (left !== right) {
    if (depth[left] > depth[right]) {
      if (left < n && flow[left] < sourceStep) {
        sourceStep = flow[left];
        leaving = left;
      }
      left = parent[left];
    } else {
      if (right >= n && flow[right] <= targetStep) {
        targetStep = flow[right];
        targetLeaving = right;
      }
      right = parent[right];
    }
  }
  const apex = left;
  const onTargetSide = targetStep <= sourceStep;
  if (onTargetSide) leaving = targetLeaving;
  const step = onTargetSide ? targetStep : sourceStep;

  // Push `step` units round the cycle.
  if (step > 0) {
    for (let x = source; x !== apex; x = parent[x]) {
      flow[x] += x < n ? -step : step;
    }
    for (let x = target; x !== apex; x = parent[x]) {
      flow[x] += x < n ? step : -step;
    }
  }

  // Cut off the subtree of `leaving` and hang it by its end of the entering arc below the other end.
  // Its nodes on the path from that end (`stem`) up to `leaving` turn upside down. In the new
  // preorder each stem node comes with all that hung below it except through the stem node before,
  // and that is a run of the old thread once the run before has been taken out of it.
  const anchor = onTargetSide ? source : target;
  const head = onTargetSide ? target : source;
  const shift = onTargetSide ? reducedCost : -reducedCost;
  let stem = head;
  let tail = -1; // last node of the new preorder so far
  let newParent = anchor;
  let newFlow = step;
  let newDepth = depth[anchor] + 1;
  for (;;) {
    const oldDepth = depth[stem];
    const lift = newDepth - oldDepth;
    const before = prev[stem];
    let last = stem;
    let after = stem;
    do {
      potential[after] += shift;
      depth[after] += lift;
      last = after;
      after = next[after];
    } while (depth[after] > oldDepth);
    next[before] = after;
    prev[after] = before;
    if (tail >= 0) {
      next[tail] = stem;
      prev[stem] = tail;
    }
    tail = last;

    const above = parent[stem];
    const oldFlow = flow[stem];
    parent[stem] = newParent;
    flow[stem] = newFlow;
    if (stem === leaving) break;
    newParent = stem;
    newFlow = oldFlow;
    newDepth++;
    stem = above;
  }
  const follower = next[anchor];
  next[anchor] = head;
  prev[head] = anchor;
  next[tail] = follower;
  prev[follower] = tail;
  basis.pivots++;
}

/** Set all potentials from the tree alone, root 0; returns the largest magnitude among them. */
function recomputePotentials(
  basis: TransportBasis,
  cost: Float64Array,
  n: number,
  m: number,
): number {
  const { parent, next, potential, root } = basis;
  let largest = 0;
  potential[root] = 0;
  for (let x = next[root]; x !== root; x = next[x]) {
    const p = parent[x];
    const value = x < n
      ? potential[p] - cost[x * m + (p - n)]
      : potential[p] + cost[p * m + (x - n)];
    potential[x] = value;
    if (value > largest) largest = value;
    else if (-value > largest) largest = -value;
  }
  return largest;
}

/** The arcs of a spanning tree and their flows, in no particular order. */
interface TreeArcs {
  readonly source: Int32Array;
  readonly target: Int32Array;
  readonly flow: Float64Array;
}

/**
 * A feasible, strongly feasible first tree: row minimum on column-reduced costs, rows by falling regret.
 *
 * Each source in turn fills its cheapest open targets, cheapness being the cost minus the column's
 * minimum; the sources that lose most by not getting their first choice go first.
 *
 * Each step exhausts either a source or a target, and must exhaust exactly one for the arcs to form a
 * tree. So ties are broken as if every node but the root supplied ε more and the root (the first
 * target) took in the difference: no proper subset of nodes then balances, and the one basis of the
 * perturbed problem that results is strongly feasible for the true one.
 */
function assignGreedily(
  cost: Float64Array,
  n: number,
  m: number,
  supply: Float64Array,
  demand: Float64Array,
): TreeArcs {
  // Column minima over the sources that take part; −∞ closes a target for good.
  const reduction = new Float64Array(m).fill(Infinity);
  let nodes = 0;
  for (let i = 0; i < n; i++) {
    if (supply[i] === 0) continue;
    nodes++;
    const row = i * m;
    for (let j = 0; j < m; j++) {
      if (cost[row + j] < reduction[j]) reduction[j] = cost[row + j];
    }
  }
  let open = 0;
  for (let j = 0; j < m; j++) {
    if (demand[j] > 0) open++;
    else reduction[j] = -Infinity;
  }
  nodes += open;

  // Regret: second smallest minus smallest reduced cost of a row.
  const regret = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = i * m;
    let first = Infinity;
    let second = Infinity;
    for (let j = 0; j < m; j++) {
      const c = cost[row + j] - reduction[j];
      if (c < second) {
        if (c < first) {
          second = first;
          first = c;
        } else second = c;
      }
    }
    regret[i] = second < Infinity ? second - first : 0;
  }
  const order = Int32Array.from(regret.keys()).sort((i, k) =>
    regret[k] - regret[i] || i - k
  );

  // Amounts left are pairs, (units, multiples of ε), compared lexicographically.
  const need = demand.slice();
  const needEps = new Float64Array(m).fill(-1);
  needEps[demand.findIndex((units) => units > 0)] = nodes - 1;
  const source = new Int32Array(nodes - 1);
  const target = new Int32Array(nodes - 1);
  const flow = new Float64Array(nodes - 1);
  let count = 0;
  for (const i of order) {
    if (supply[i] === 0) continue;
    let have = supply[i];
    let haveEps = 1;
    const row = i * m;
    for (;;) {
      let least = Infinity;
      let j = -1;
      for (let k = 0; k < m; k++) {
        const c = cost[row + k] - reduction[k];
        if (c < least) {
          least = c;
          j = k;
        }
      }
      source[count] = i;
      target[count] = j;
      if (have < need[j] || (have === need[j] && haveEps < needEps[j])) {
        flow[count++] = have;
        need[j] -= have;
        needEps[j] -= haveEps;
        break;
      }
      flow[count++] = need[j];
      have -= need[j];
      haveEps -= needEps[j];
      reduction[j] = -Infinity;
      if (--open === 0) break; // the last arc exhausts both of its ends
    }
  }
  return { source, target, flow };
}

/** Hang tree arcs from the first target with demand: parents, depths and the preorder thread. */
export function hang(
  arcs: TreeArcs,
  n: number,
  m: number,
  demand: Float64Array,
): TransportBasis {
  const nodes = n + m;
  const count = arcs.flow.length;
  const basis: TransportBasis = {
    root: n + demand.findIndex((units) => units > 0),
    parent: new Int32Array(nodes).fill(-1),
    depth: new Int32Array(nodes),
    next: new Int32Array(nodes),
    prev: new Int32Array(nodes),
    flow: new Float64Array(nodes),
    potential: new Float64Array(nodes),
    pivots: 0,
  };
  const { root, parent, depth, next, prev, flow, potential } = basis;
  for (let j = 0; j < m; j++) if (demand[j] === 0) potential[n + j] = -Infinity;

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
  return basis;
}
