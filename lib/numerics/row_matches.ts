import { type Arena, roundUp, withArena } from "./kernels.ts";

/** Rows of the sets that the kernel takes together, and of the targets. */
const ROWS = 6;
const COLUMNS = 8;
/** Of the rounded numbers, at most: a sum of two products fits 16 bits, so that dot products are equal everywhere. */
const LIMIT = 127;
const TARGET_LIMIT = 63;
/** Makes the targets' numbers non-negative. */
const SHIFT = 64;
/** How many rows count as the nearest; the kernel keeps as many. */
const NEIGHBOURS = 3;

/** What sets of rows say of each of some targets. */
export interface RowMatches {
  /** Log of the mean over all rows of `exp((cosine − 1) / temperature)`; 0 where there is no row. */
  logDensity: Float32Array;
  /** Mean cosine similarity to the three nearest rows; −1 where there is none. */
  nearest: Float32Array;
}

/**
 * Matches all rows of several sets with all targets. First the numbers of each row become whole numbers of at most 127,
 * those of each target of at most 63, by its number of largest magnitude. A cosine is that of the rounded vectors: with
 * 96 numbers of like size it differs by 0.001 on average, and by 0.006 at most among thousands. A row of nothing but
 * zeros, or of numbers below 1e-30, has cosine 0 with all.
 *
 * @param targets m × dim, row-major.
 * @param sets n × dim each, row-major.
 * @param temperature difference of cosine similarity by which a row counts e times less; at least 1/40.
 */
export function matchRows(
  targets: Float32Array,
  sets: readonly Float32Array[],
  dim: number,
  temperature: number,
): RowMatches {
  const m = targets.length / dim;
  const sums = new Float64Array(m);
  const nearest = new Float32Array(m);
  const count = sets.reduce((rows, set) => rows + set.length / dim, 0);
  withArena((arena) => {
    const { kernels } = arena;
    const columns = roundUp(m, COLUMNS);
    const b = pack(arena, targets, columns, dim, TARGET_LIMIT, SHIFT, COLUMNS);
    const added = arena.take(4 * columns);
    const best = arena.take(4 * NEIGHBOURS * columns);
    arena.floats(best, NEIGHBOURS * columns).fill(-Infinity);
    for (const set of sets) {
      const n = set.length / dim;
      const rows = roundUp(n, ROWS);
      const a = pack(arena, set, rows, dim, LIMIT, 0, 1);
      const room = arena.take(36 * rows);
      arena.floats(added, columns).fill(0);
      kernels.addMatches(
        a.packed,
        a.scales,
        n,
        b.packed,
        b.scales,
        columns,
        dim,
        Math.LOG2E / temperature,
        room,
        added,
        best,
      );
      arena.floats(added, m).forEach((sum, j) => sums[j]! += sum);
      arena.free(a.packed);
    }
    const found = Math.min(count, NEIGHBOURS);
    const lines = arena.floats(best, NEIGHBOURS * columns);
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < found; k++) sum += lines[k * columns + j]!;
      nearest[j] = found === 0 ? -1 : sum / found;
    }
  });
  const logDensity = Float32Array.from(
    sums,
    (sum) => count === 0 ? 0 : Math.log(sum / count),
  );
  return { logDensity, nearest };
}

/** Rows as the kernel reads them. Freeing `packed` frees both addresses. */
function pack(
  arena: Arena,
  rows: Float32Array,
  count: number,
  dim: number,
  limit: number,
  shift: number,
  lanes: number,
): { packed: number; scales: number } {
  const packed = arena.take(count * roundUp(dim, 4));
  const scales = arena.take(4 * count);
  // The kernel reads four numbers at a time, also of the last row.
  const given = arena.put(rows, roundUp(count * dim, 4) + 4);
  arena.kernels.packRows(
    given,
    count,
    dim,
    limit,
    shift,
    lanes,
    packed,
    scales,
  );
  arena.free(given);
  return { packed, scales };
}
