import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { withArena } from "../numerics/kernels.ts";
import { normaliseRows } from "../numerics/patches.ts";
import { roundedCosts } from "../numerics/rounded_costs.ts";
import type { Frame } from "./coordinates.ts";
import type { Profile } from "./profile.ts";
import type { ModelGeometry } from "./types.ts";

/** Nearest patches whose similarity is averaged. */
const NEIGHBOURS = 3;
/** Limits on the difference of similarities that are tried: ±0.12 in steps of 0.01. */
const LIMITS = Array.from({ length: 25 }, (_, i) => (i - 12) / 100);
/** Logit of a difference of 1. */
const STEEP = 40;
/** Grid steps between the patches that a profile keeps of the background. */
export const STRIDE = 2;

/** What several references together say of a target's patches. */
export interface Nearness {
  /** Probability of inside; lowResMask², row-major, model frame. */
  inside: Float32Array;
  /** How much it may be believed, 0 to ½: by how well each reference is found from the others alike. */
  weight: number;
}

/** Rows of norm 1, of the structure and of what surrounds it. */
interface Sides {
  inside: Float32Array;
  outside: Float32Array;
}

/**
 * Whether each patch of a target is more like the structure or more like its surroundings, in the references
 * together: the mean cosine similarity to the nearest patches of either kind, and their difference against a
 * limit. The limit, and how much this is worth, come from the references themselves: each is divided so by the
 * others, and the limit is the one of the best Dice.
 *
 * @param target (g · g) × C, row-major, raw.
 * @returns null for one reference, or where one was stored without its surroundings.
 */
export function nearness(
  profiles: Profile[],
  target: Float32Array,
  model: ModelGeometry,
  frame: Frame,
): Nearness | null {
  if (profiles.length < 2) return null;
  const { channels, grid, lowResMask, size } = model;
  const sides: Sides[] = [];
  for (const { patches, background } of profiles) {
    if (background === undefined || background.length === 0) return null;
    sides.push({
      inside: unitRows(patches, channels),
      outside: unitRows(background, channels),
    });
  }
  const { limit, dice } = calibrate(sides, channels);
  const differences = compare(sides, unitRows(target, channels), channels);
  const columns = Math.ceil(frame.scaled.width / (size / grid));
  const rows = Math.ceil(frame.scaled.height / (size / grid));
  const map = Float32Array.from(
    differences,
    (difference, i) =>
      i % grid < columns && i / grid < rows ? difference - limit : -1,
  );
  const axis = bilinearAxis(grid, lowResMask);
  const inside = Float32Array.from(
    resizeBilinear(map, grid, axis, axis),
    (value) => 1 / (1 + Math.exp(-STEEP * value)),
  );
  return { inside, weight: dice ** 4 / 2 };
}

/** The limit by which the references find each other best, and the mean Dice by it. */
function calibrate(
  sides: Sides[],
  channels: number,
): { limit: number; dice: number } {
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
  const good = LIMITS.filter((_, i) => scores[i] >= dice - 0.003);
  const limit = good.reduce((sum, value) => sum + value, 0) / good.length;
  return { limit, dice };
}

/** For every row, its similarity to the structure less that to its surroundings. */
function compare(
  sides: Sides[],
  rows: Float32Array,
  channels: number,
): Float32Array {
  const inside = nearest(sides.map(({ inside }) => inside), rows, channels);
  const outside = nearest(sides.map(({ outside }) => outside), rows, channels);
  return inside.map((value, i) => value - outside[i]);
}

/** For every row the mean cosine similarity of the nearest of some others; all rows of norm 1. */
function nearest(
  sets: Float32Array[],
  rows: Float32Array,
  channels: number,
): Float32Array {
  const count = rows.length / channels;
  // Ascending squared distances, NEIGHBOURS a row.
  const least = new Float32Array(count * NEIGHBOURS).fill(Infinity);
  for (const set of sets) {
    withArena((arena) => {
      const n = set.length / channels;
      const { cost, stride } = roundedCosts(
        arena,
        set,
        n,
        rows,
        count,
        channels,
      );
      const costs = arena.floats(cost, n * stride);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < count; j++) {
          const value = costs[i * stride + j];
          const at = j * NEIGHBOURS;
          let place = at + NEIGHBOURS - 1;
          if (!(value < least[place])) continue;
          for (; place > at && least[place - 1] > value; place--) {
            least[place] = least[place - 1];
          }
          least[place] = value;
        }
      }
    });
  }
  return Float32Array.from({ length: count }, (_, j) => {
    let sum = 0;
    let found = 0;
    for (let k = 0; k < NEIGHBOURS; k++) {
      const value = least[j * NEIGHBOURS + k];
      if (value === Infinity) continue;
      sum += value;
      found++;
    }
    return found === 0 ? -1 : 1 - sum / found / 2;
  });
}

function unitRows(rows: Float32Array, channels: number): Float32Array {
  return Float32Array.from(normaliseRows(rows, channels));
}
