import { cosineMap, normaliseRows, toPatches } from "../numerics/patches.ts";
import { findPeak, type Peak } from "../numerics/peak.ts";
import { Frame } from "./frame.ts";
import type { Profile, PrototypeSet } from "./profile.ts";
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

/** Which (n, m) a recipe tries. */
export interface CandidateRange {
  parts: number[];
  negatives: number[];
}

/** Medical recipe: n = 1..5, m = 1 (paper, section 4). */
export const MEDICAL: CandidateRange = {
  parts: [1, 2, 3, 4, 5],
  negatives: [1],
};

/**
 * The points of every candidate (paper, section 3.2): each prototype's cosine map over the target,
 * and the image-frame pixel where it is largest.
 */
export function proposePrompts(
  embedding: Embedding,
  profile: Profile,
  model: ModelGeometry,
  range: CandidateRange = MEDICAL,
): CandidatePrompt[] {
  const { channels, grid, size } = model;
  const patches = toPatches(embedding.tensors.image_embeddings.data, channels);
  const unit = normaliseRows(patches, channels);
  const { vertical, horizontal } = new Frame(embedding.image, size)
    .similarityAxes(grid);
  const peaksOf = ({ count, prototypes }: PrototypeSet): Peak[] =>
    Array.from({ length: count }, (_, i) => {
      const prototype = prototypes.subarray(i * channels, (i + 1) * channels);
      return findPeak(cosineMap(unit, prototype), grid, vertical, horizontal);
    });

  const parts = profile.parts.filter((set) => range.parts.includes(set.count));
  const negatives: PrototypeSet[] = profile.negatives.filter((set) =>
    range.negatives.includes(set.count)
  );
  // A mask that leaves no background patch gives no negative prototype: m falls back to 0.
  if (range.negatives.includes(0) || negatives.length === 0) {
    negatives.unshift({ count: 0, prototypes: new Float32Array() });
  }
  const negativePoints = negatives.map((set) =>
    peaksOf(set).map((peak) => toPoint(peak, 0))
  );
  return parts.flatMap((set) => {
    const positive = peaksOf(set).map((peak) => toPoint(peak, 1));
    return negatives.map(({ count }, i) => ({
      parts: set.count,
      negatives: count,
      points: [...positive, ...negativePoints[i]],
    }));
  });
}

function toPoint({ x, y, value }: Peak, label: 0 | 1): ScoredPoint {
  return { x, y, label, similarity: value };
}
