import { cosineMaps } from "../numerics/cosine.ts";
import { evenlySpread } from "../numerics/evenly_spread.ts";
import { withArena } from "../numerics/kernels.ts";
import { NearestRows } from "../numerics/nearest_rows.ts";
import { gatherPatches, unitRows } from "../numerics/patches.ts";
import { roundedCosts } from "../numerics/rounded_costs.ts";
import type { Profile } from "./profile.ts";
import type { Target } from "./target.ts";

/** Difference of cosine similarity by which a reference patch weighs e times less. */
const TEMPERATURE = 0.05;
/** Reference patches of either side that are compared, at most; evenly spread where there are more. */
const MOST = 1024;
/** Reference patches that are compared at a time. */
const BLOCK = 256;
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
  const shown = Int32Array.from({ length: cells }, (_, p) => p)
    .filter((p) => target.coordinates.shows(p));
  const rows = unitRows(target.pick(shown), channels);
  const nearest = new NearestRows(shown.length);
  const inside = new Densities(shown.length, nearest);
  const outside = new Densities(shown.length);
  for (const { patches, background } of profiles) {
    if (background === undefined) return null;
    inside.add(sampleRows(patches, channels), rows, channels);
    outside.add(sampleRows(background, channels), rows, channels);
  }
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
      Math.tanh((inside.log(row) - outside.log(row)) / SOFT)
    ),
    nearest: map((_, row) => nearest.meanCosine(row)),
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

/** Kernel densities of one side of all references, at every patch of a target. */
class Densities {
  #count = 0;
  readonly #sums: Float64Array;

  /**
   * @param cells patches of the target.
   * @param nearest takes the nearest patches too, where it is given.
   */
  constructor(cells: number, readonly nearest?: NearestRows) {
    this.#sums = new Float64Array(cells);
  }

  /** @param sources and rows of norm 1. */
  add(sources: Float32Array, rows: Float32Array, channels: number): void {
    const count = sources.length / channels;
    const cells = rows.length / channels;
    for (let first = 0; first < count; first += BLOCK) {
      const block = sources.subarray(
        first * channels,
        (first + BLOCK) * channels,
      );
      withArena((arena) => {
        const n = block.length / channels;
        const costs = roundedCosts(arena, block, n, rows, cells, channels);
        const { cost, stride } = costs;
        const sums = arena.take(4 * stride);
        arena.floats(sums, stride).fill(0);
        // A squared distance of unit vectors is 2 − 2 cos.
        const scale = -Math.LOG2E / (2 * TEMPERATURE);
        arena.kernels.addDensities(cost, n, stride, scale, sums);
        arena.floats(sums, cells).forEach((sum, p) => this.#sums[p]! += sum);
        this.nearest?.add(arena, costs);
      });
    }
    this.#count += count;
  }

  /** Log of the mean kernel at a patch, at most 0; 0 where there is no reference patch. */
  log(patch: number): number {
    return this.#count === 0 ? 0 : Math.log(this.#sums[patch]! / this.#count);
  }
}

function sampleRows(rows: Float32Array, channels: number): Float32Array {
  const chosen = evenlySpread(rows.length / channels, MOST);
  return unitRows(gatherPatches(rows, channels, chosen), channels);
}

function placeOf(profiles: readonly Profile[], cells: number): Float32Array {
  const place = new Float32Array(cells);
  const known = profiles.flatMap(({ cells }) => cells ?? []);
  for (const own of known) {
    for (const cell of own) place[cell]! += 1 / known.length;
  }
  return place;
}
