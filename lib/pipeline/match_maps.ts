import { cosineMaps } from "../numerics/cosine.ts";
import { evenlySpread } from "../numerics/evenly_spread.ts";
import { gatherPatches, unitRows } from "../numerics/patches.ts";
import { matchRows } from "../numerics/row_matches.ts";
import type { Profile } from "./profile.ts";
import type { Target } from "./target.ts";

/** Difference of cosine similarity by which a reference patch weighs e times less. */
const TEMPERATURE = 0.05;
/** Reference patches of either side that are compared, at most; evenly spread where there are more. */
const MOST = 1024;
/** Evidence that squashes to tanh(1). */
const SOFT = 4;

/** What the annotated images of a patient say of every patch of another image. Each map is g × g, row-major. */
export interface MatchMaps {
  /**
   * Log-likelihood ratio of belonging to the structure: the kernel density of the annotated patches against that of the
   * others, at the patch. Squashed by tanh(ratio / 4).
   */
  evidence: Float32Array;
  /** Mean cosine similarity to the three nearest annotated patches. */
  nearest: Float32Array;
  /** Cosine similarity to the mean of the annotated patches. */
  prototype: Float32Array;
  /** Share of the references whose structure lay there; zero where that is not known. */
  place: Float32Array;
}

/** Maps of a decoder's `match_maps`, in their order. */
export const MATCH_MAPS = [
  "evidence",
  "nearest",
  "prototype",
  "place",
] as const;

/**
 * Matches every patch of a target with the patches of all references, annotated and not. Beyond the paper, whose
 * prototypes are means of them. The padding gets 0.
 *
 * @param profiles at least one, all of the target's model.
 * @returns null where a profile was stored without its background.
 */
export function matchMaps(
  target: Target,
  profiles: readonly Profile[],
): MatchMaps | null {
  const { channels, grid } = target.model;
  const cells = grid * grid;
  const shown = target.coordinates.shownPatches();
  const backgrounds = profiles.flatMap(({ background }) => background ?? []);
  if (backgrounds.length < profiles.length) return null;
  const rows = target.pick(shown);
  /** @param side patches of one side, of each reference. */
  const match = (side: readonly Float32Array[]) => {
    const sets = side.map((patches) => sampleRows(patches, channels));
    return matchRows(rows, sets, channels, TEMPERATURE);
  };
  const inside = match(profiles.map(({ patches }) => patches));
  const outside = match(backgrounds);
  /** @param value of a patch, and of its row. */
  const map = (value: (patch: number, row: number) => number) => {
    const values = new Float32Array(cells);
    shown.forEach((patch, row) => values[patch] = value(patch, row));
    return values;
  };
  const sum = new Float64Array(channels);
  for (const { patches } of profiles) {
    patches.forEach((value, i) => sum[i % channels]! += value);
  }
  const direction = unitRows(sum, channels);
  const [prototype] = cosineMaps(target.patches, channels, direction);
  return {
    evidence: map((_, row) =>
      Math.tanh((inside.logDensity[row]! - outside.logDensity[row]!) / SOFT)
    ),
    nearest: map((_, row) => inside.nearest[row]!),
    prototype: map((patch) => prototype![patch]!),
    place: placeOf(profiles, cells),
  };
}

/** The maps in one tensor, 4 × g × g. */
export function joinMaps(maps: MatchMaps): Float32Array {
  const each = MATCH_MAPS.map((name) => maps[name]);
  const joined = new Float32Array(each.length * maps.place.length);
  each.forEach((map, i) => joined.set(map, i * map.length));
  return joined;
}

function sampleRows(rows: Float32Array, channels: number): Float32Array {
  const chosen = evenlySpread(rows.length / channels, MOST);
  return gatherPatches(rows, channels, chosen);
}

function placeOf(profiles: readonly Profile[], cells: number): Float32Array {
  const place = new Float32Array(cells);
  const known = profiles.flatMap(({ cells }) => cells ?? []);
  for (const own of known) {
    for (const cell of own) place[cell]! += 1 / known.length;
  }
  return place;
}
