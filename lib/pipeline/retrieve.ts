import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { earthMoversDistance, squaredEuclideanCost } from "../numerics/emd.ts";
import { gatherPatches } from "../numerics/patches.ts";
import type { ModelGeometry } from "./types.ts";

/** The patches a mask holds: low-res logits resized to the grid, > 0; ascending indices `y · g + x`. */
export function maskedPatches(
  logits: Float32Array,
  model: ModelGeometry,
): Int32Array {
  const axis = bilinearAxis(model.lowResMask, model.grid);
  const onGrid = resizeBilinear(logits, model.lowResMask, axis, axis);
  const inside: number[] = [];
  for (let p = 0; p < onGrid.length; p++) if (onGrid[p] > 0) inside.push(p);
  return Int32Array.from(inside);
}

/**
 * Distribution-guided retrieval (paper, section 3.3): the exact earth mover's distance, squared
 * Euclidean cost, uniform weights, between the reference patches and each candidate's target patches.
 * The cost matrix is computed once for the union of the candidates.
 *
 * @param reference K × C, row-major, raw.
 * @param target (g · g) × C, row-major, raw.
 * @param candidates patch indices of each candidate's mask.
 * @returns one distance per candidate; Infinity for an empty mask.
 */
export function distances(
  reference: Float32Array,
  target: Float32Array,
  channels: number,
  candidates: Int32Array[],
): number[] {
  const union = Int32Array.from(new Set(candidates.flatMap((c) => [...c])))
    .sort();
  const columnOf = new Map(
    Array.from(union, (patch, column) => [patch, column]),
  );
  const rows = reference.length / channels;
  const shared = squaredEuclideanCost(
    reference,
    rows,
    gatherPatches(target, channels, union),
    union.length,
    channels,
  );
  const known = new Map<string, number>();
  return candidates.map((patches) => {
    if (patches.length === 0) return Infinity;
    const key = patches.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const cost = new Float64Array(rows * patches.length);
    for (let j = 0; j < patches.length; j++) {
      const column = columnOf.get(patches[j])!;
      for (let i = 0; i < rows; i++) {
        cost[i * patches.length + j] = shared[i * union.length + column];
      }
    }
    const { distance } = earthMoversDistance(cost, rows, patches.length);
    known.set(key, distance);
    return distance;
  });
}
