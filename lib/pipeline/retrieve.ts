import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { withArena } from "../numerics/kernels.ts";
import { roundedCosts } from "../numerics/rounded_costs.ts";
import { transport } from "../numerics/transport.ts";
import {
  lowerBounds,
  meanBound,
  raisedBound,
} from "../numerics/transport_bounds.ts";
import type { ModelGeometry } from "./types.ts";

/** The patches of a mask: low-res logits resized to the grid, > 0; ascending indices `y · g + x`. */
export function maskedPatches(
  logits: Float32Array,
  model: ModelGeometry,
): Int32Array {
  const axis = bilinearAxis(model.lowResMask, model.grid);
  const onGrid = resizeBilinear(logits, model.lowResMask, axis, axis);
  const inside: number[] = [];
  onGrid.forEach((value, patch) => {
    if (value > 0) inside.push(patch);
  });
  return Int32Array.from(inside);
}

/** Where the raw patches of a target come from. */
export interface PatchSource {
  /** C: length of a patch. */
  channels: number;
  /** The listed patches, ascending, as rows of C values. */
  pick(patches: Int32Array): Float32Array;
}

/** How near a candidate is to the reference. */
export interface Score {
  /** Earth mover's distance; Infinity for an empty mask. With `isBound` a lower bound on it, above the least distance. */
  distance: number;
  isBound: boolean;
}

/**
 * Distribution-guided retrieval (paper, section 3.3): the exact earth mover's distance, squared
 * Euclidean cost, uniform weights, between the reference patches and each candidate's target patches.
 * The cost matrix is computed once for the union of the candidates, and equal sets are solved once.
 *
 * With `every` false, a candidate is not solved where a lower bound shows that it cannot be the nearest: the distance of
 * the means, or the potentials of a candidate solved before. The least distance and its equals are never ruled out.
 *
 * @param reference K × C, row-major, raw.
 * @param target whose patches the candidates hold.
 * @param candidates patch indices, ascending, of each candidate's mask.
 * @param options `best`: the least distance known from other references.
 */
export function scoreCandidates(
  reference: Float32Array,
  target: PatchSource,
  candidates: Int32Array[],
  { every = true, best = Infinity }: { every?: boolean; best?: number } = {},
): Score[] {
  const sets = new Map<string, Int32Array>();
  for (const set of candidates) if (set.length > 0) sets.set(set.join(), set);
  const union = Int32Array.from(
    new Set([...sets.values()].flatMap((set) => [...set])),
  ).sort();
  const { channels } = target;
  const points = target.pick(union);
  const columnOf = new Map(Array.from(union, (patch, i) => [patch, i]));
  const rows = reference.length / channels;

  const scores = new Map<string, Score>();
  if (union.length > 0) {
    withArena((arena) => {
      const costs = roundedCosts(
        arena,
        reference,
        rows,
        points,
        union.length,
        channels,
      );
      const open = Array.from(sets, ([key, set]) => {
        const columns = set.map((patch) => columnOf.get(patch)!);
        const bound = every ? 0 : meanBound(costs, columns);
        return { key, columns, bound };
      });
      let solved: Float64Array | undefined; // potentials of the last candidate solved
      while (open.length > 0) {
        open.sort((a, b) => a.bound - b.bound);
        const { key, columns, ...next } = open.shift()!;
        let { bound } = next;
        if (!every && bound <= best && solved !== undefined) {
          bound = Math.max(
            bound,
            raisedBound(arena, costs, solved, columns, best),
          );
        }
        if (!every && bound > best) {
          scores.set(key, { distance: bound, isBound: true });
          continue;
        }
        const { distance, sourcePotentials } = transport(arena, costs, columns);
        scores.set(key, { distance, isBound: false });
        best = Math.min(best, distance);
        if (every) continue;
        solved = sourcePotentials;
        const bounds = lowerBounds(
          arena,
          costs,
          sourcePotentials,
          open.map(({ columns }) => columns),
        );
        open.forEach((one, i) => one.bound = Math.max(one.bound, bounds[i]!));
      }
    });
  }
  return candidates.map((set) =>
    scores.get(set.join()) ?? { distance: Infinity, isBound: false }
  );
}
