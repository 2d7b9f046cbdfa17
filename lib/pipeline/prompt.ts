import { normaliseRows, toPatches } from "../numerics/patches.ts";
import { findPeak } from "../numerics/peak.ts";
import { Frame } from "./frame.ts";
import { meanMap, similarityMaps } from "./guidance.ts";
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
  const patches = toPatches(embedding.tensors.image_embeddings.data, channels);
  const unit = normaliseRows(patches, channels);
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

  const shared = recipe.negatives === "least"
    ? []
    : negativeSets(profile, recipe.negatives).map((set) =>
      similarityMaps(unit, set).map((map) => peakOf(map, 0))
    );
  const parts = profile.parts.filter((set) => recipe.parts.includes(set.count));
  return parts.flatMap((set) => {
    const maps = similarityMaps(unit, set);
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

/** A mask that leaves no background patch gives no negative prototype: m falls back to 0. */
function negativeSets(profile: Profile, counts: number[]): PrototypeSet[] {
  const sets = profile.negatives.filter(({ count }) => counts.includes(count));
  if (counts.includes(0) || sets.length === 0) {
    sets.unshift({ count: 0, prototypes: new Float32Array() });
  }
  return sets;
}
