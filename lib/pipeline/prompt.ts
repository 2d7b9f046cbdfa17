import { cosineMaps } from "../numerics/cosine.ts";
import { findPeak } from "../numerics/peak.ts";
import { Frame } from "./frame.ts";
import { meanMap } from "./guidance.ts";
import type { Profile, PrototypeSet } from "./profile.ts";
import { type Recipe, RECIPES } from "./recipe.ts";
import type { Embedding, ModelGeometry, Point } from "./types.ts";

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

/** A candidate's prompt, and the similarity maps of its parts that gave its positive points, each g × g. */
export interface Proposal {
  prompt: CandidatePrompt;
  maps: Float64Array[];
}

/**
 * The points of every candidate (paper, section 3.2): each prototype's cosine map over the target,
 * and the image-frame pixel where it is largest, or, for a negative at the `least` of the mean map,
 * smallest. Resizing is linear, so that the mean of the maps is resized instead of each.
 */
export function propose(
  embedding: Embedding,
  profile: Profile,
  model: ModelGeometry,
  recipe: Recipe = RECIPES.medical,
): Proposal[] {
  const { channels, grid, size } = model;
  const { vertical, horizontal } = new Frame(embedding.image, size)
    .similarityAxes(grid);
  const peakOf = (map: Float64Array, label: 0 | 1): ScoredPoint => {
    const { x, y, value } = findPeak(map, grid, vertical, horizontal);
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
  const mapsOf = similarityMaps(embedding, channels, [...parts, ...negative]);
  const shared = negative.map((set) =>
    mapsOf(set).map((map) => peakOf(map, 0))
  );
  return parts.flatMap((set) => {
    const maps = mapsOf(set);
    const positive = maps.map((map) => peakOf(map, 1));
    const negatives = recipe.negatives === "least"
      ? [[leastOf(meanMap(maps))]]
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
}

/** The cosine maps of the prototypes of some sets, all worked out together; the function finds those of one. */
function similarityMaps(
  { tensors }: Embedding,
  channels: number,
  sets: PrototypeSet[],
): (set: PrototypeSet) => Float64Array[] {
  const data = new Float32Array(
    channels * sets.reduce((sum, { count }) => sum + count, 0),
  );
  const starts = new Map<PrototypeSet, number>();
  let start = 0;
  for (const set of sets) {
    starts.set(set, start);
    data.set(set.prototypes, start * channels);
    start += set.count;
  }
  const maps = cosineMaps(tensors.image_embeddings.data, channels, data);
  return (set) => {
    const start = starts.get(set)!;
    return maps.slice(start, start + set.count);
  };
}

/** A mask that leaves no background patch gives no negative prototype: m falls back to 0. */
function negativeSets(profile: Profile, counts: number[]): PrototypeSet[] {
  const sets = profile.negatives.filter(({ count }) => counts.includes(count));
  if (counts.includes(0) || sets.length === 0) {
    sets.unshift({ count: 0, prototypes: new Float32Array() });
  }
  return sets;
}
