import { cosineMaps } from "../numerics/cosine.ts";
import { type BoundedMap, withBoundedMaps } from "../numerics/cosine_bounds.ts";
import { findPeak } from "../numerics/peak.ts";
import { meanMap } from "./guidance.ts";
import type { Profile, PrototypeSet } from "./profile.ts";
import { type Recipe, RECIPES } from "./recipe.ts";
import type { Target } from "./target.ts";
import type { Point } from "../core/geometry.ts";

/** A prompt point and the cosine similarity at its pixel. */
export interface ScoredPoint extends Point {
  similarity: number;
}

/** The points of one (n, m): `parts` positive points, then `negatives` negative ones. */
export interface CandidatePrompt {
  parts: number;
  negatives: number;
  points: ScoredPoint[];
}

/** A candidate's prompt, and the similarity maps of its parts, each g × g: worked out in full when asked for. */
export interface Proposal {
  prompt: CandidatePrompt;
  maps: () => Float64Array[];
}

/**
 * The points of every candidate (paper, section 3.2). Each prototype has a cosine map over the target; its point is the
 * pixel of the image where the resized map is largest. A negative of the recipe `least` lies where the mean map of the
 * parts is smallest: resizing is linear, so the mean is resized instead of every map.
 */
export function propose(
  { patches: data, coordinates, model }: Target,
  profile: Profile,
  recipe: Recipe = RECIPES.medical,
): Proposal[] {
  const { channels, grid } = model;
  const { vertical, horizontal } = coordinates.similarityAxes();
  const peakOf = (
    map: Float64Array,
    label: 0 | 1,
    exact?: BoundedMap["at"],
  ): ScoredPoint => {
    const { x, y, value } = findPeak(map, grid, vertical, horizontal, exact);
    return { x, y, label, similarity: value };
  };
  const leastOf = (map: Float64Array): ScoredPoint => {
    const point = peakOf(map.map((value) => -value), 0);
    return { ...point, similarity: -point.similarity };
  };

  const parts = profile.parts.filter((set) => recipe.parts.includes(set.count));
  const negative = recipe.negatives === "least"
    ? []
    : negativeSets(profile, recipe.negatives);
  const { prototypes, of } = joined([...parts, ...negative], channels);
  const whole = lazily(() => cosineMaps(data, channels, prototypes));
  return withBoundedMaps(data, channels, prototypes, (bounded) => {
    const peaksOf = (set: PrototypeSet, label: 0 | 1) =>
      of(bounded, set).map(({ upper, at, isFlat }, i) =>
        isFlat ? peakOf(of(whole(), set)[i]!, label) : peakOf(upper, label, at)
      );
    const shared = negative.map((set) => peaksOf(set, 0));
    return parts.flatMap((set) => {
      const maps = () => of(whole(), set);
      const positive = peaksOf(set, 1);
      const negatives = recipe.negatives === "least"
        ? [[leastOf(meanMap(maps()))]]
        : shared;
      return negatives.map((negative) => ({
        prompt: {
          parts: set.count,
          negatives: negative.length,
          points: [...positive, ...negative],
        },
        maps,
      }));
    });
  });
}

/** The prototypes of some sets in one list, and which part of what is made of them is one set's. */
function joined(sets: PrototypeSet[], channels: number) {
  const prototypes = new Float32Array(
    channels * sets.reduce((sum, { count }) => sum + count, 0),
  );
  const starts = new Map<PrototypeSet, number>();
  let start = 0;
  for (const set of sets) {
    starts.set(set, start);
    prototypes.set(set.prototypes, start * channels);
    start += set.count;
  }
  const of = <T>(list: T[], set: PrototypeSet): T[] =>
    list.slice(starts.get(set)!, starts.get(set)! + set.count);
  return { prototypes, of };
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}

/** A mask that leaves no background patch gives no negative prototype: m falls back to 0. */
function negativeSets(profile: Profile, counts: number[]): PrototypeSet[] {
  const sets = profile.negatives.filter(({ count }) => counts.includes(count));
  if (counts.includes(0) || sets.length === 0) {
    sets.unshift({ count: 0, prototypes: new Float32Array() });
  }
  return sets;
}
