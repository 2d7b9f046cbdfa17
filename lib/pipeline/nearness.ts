import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { withArena } from "../numerics/kernels.ts";
import { NearestRows } from "../numerics/nearest_rows.ts";
import { toPatches, unitRows } from "../numerics/patches.ts";
import { roundedCosts } from "../numerics/rounded_costs.ts";
import type { Profile } from "./profile.ts";
import type { Target } from "./target.ts";

/** Limits on the difference of similarities that are tried: ±0.12 in steps of 0.01. */
const LIMITS = Array.from({ length: 25 }, (_, i) => (i - 12) / 100);
/** Logit of a difference of 1. */
const STEEP = 40;
/** Grid steps between the patches that a profile keeps of the background. */
export const STRIDE = 2;

/** What several references together say of a target's patches. */
export interface Nearness {
  /** Probability of inside; lowResMask², row-major, model space. */
  inside: Float32Array;
  /** How much it counts, 0 to ½: by how well the references divide one another. */
  weight: number;
}

/** Rows of norm 1, of the structure and of what surrounds it. */
interface Sides {
  inside: Float32Array;
  outside: Float32Array;
}

/** What several references know of one another: their sides, and the limit that divides each best by the others. */
export interface NearnessCalibration {
  sides: Sides[];
  /** Difference of similarities from which on a patch is taken for the structure. */
  limit: number;
  /** Mean Dice of the references divided by that limit. */
  dice: number;
}

/**
 * Divides the patches of each reference by the others and keeps the limit of the best mean Dice.
 *
 * @returns null for one reference, or where one was stored without its background.
 */
export function calibrateNearness(
  profiles: readonly Profile[],
): NearnessCalibration | null {
  if (profiles.length < 2) return null;
  const { channels } = profiles[0]!;
  const sides: Sides[] = [];
  for (const { patches, background } of profiles) {
    if (background === undefined || background.length === 0) return null;
    sides.push({
      inside: unitRows(patches, channels),
      outside: unitRows(background, channels),
    });
  }
  const found = sides.map(({ inside, outside }, i) => {
    const others = sides.filter((_, other) => other !== i);
    return {
      inside: compare(others, inside, channels),
      outside: compare(others, outside, channels),
    };
  });
  const scores = LIMITS.map((limit) => {
    const above = (values: Float32Array) =>
      values.reduce((count, value) => count + Number(value > limit), 0);
    const each = found.map(({ inside, outside }) => {
      const hits = above(inside);
      // Of the background one patch in STRIDE² is kept.
      const wrong = above(outside) * STRIDE ** 2;
      return 2 * hits / (inside.length + hits + wrong);
    });
    return each.reduce((sum, dice) => sum + dice, 0) / each.length;
  });
  const dice = Math.max(...scores);
  const good = LIMITS.filter((_, i) => scores[i]! >= dice - 0.003);
  const limit = good.reduce((sum, value) => sum + value, 0) / good.length;
  return { sides, limit, dice };
}

/**
 * Whether each patch of a target is more like the structure or more like its surroundings, in the references together:
 * the mean cosine similarity to the nearest patches of either kind, and their difference against the calibrated limit.
 */
export function nearness(
  { sides, limit, dice }: NearnessCalibration,
  { patches, coordinates, model }: Target,
): Nearness {
  const { channels, grid, lowResMask } = model;
  const rows = unitRows(toPatches(patches, channels), channels);
  const differences = compare(sides, rows, channels);
  const map = differences.map((difference, patch) =>
    coordinates.shows(patch) ? difference - limit : -1
  );
  const axis = bilinearAxis(grid, lowResMask);
  const inside = Float32Array.from(
    resizeBilinear(map, grid, axis, axis),
    (value) => 1 / (1 + Math.exp(-STEEP * value)),
  );
  return { inside, weight: dice ** 4 / 2 };
}

/** For every row, its similarity to the structure less that to its surroundings. */
function compare(
  sides: Sides[],
  rows: Float32Array,
  channels: number,
): Float32Array {
  const inside = nearest(sides.map(({ inside }) => inside), rows, channels);
  const outside = nearest(sides.map(({ outside }) => outside), rows, channels);
  return inside.map((value, i) => value - outside[i]!);
}

/** For every row the mean cosine similarity of the nearest of some others; all rows of norm 1. */
function nearest(
  sets: Float32Array[],
  rows: Float32Array,
  channels: number,
): Float32Array {
  const count = rows.length / channels;
  const nearest = new NearestRows(count);
  for (const set of sets) {
    withArena((arena) => {
      const n = set.length / channels;
      nearest.add(arena, roundedCosts(arena, set, n, rows, count, channels));
    });
  }
  return Float32Array.from(
    { length: count },
    (_, row) => nearest.meanCosine(row),
  );
}
