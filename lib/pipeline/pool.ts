import type { Profile } from "./profile.ts";
import { prototypeSets } from "./prototypes.ts";
import type { Recipe } from "./recipe.ts";
import { maskedPatches, scoreCandidates } from "./retrieve.ts";
import type { DecoderOutput, ModelGeometry } from "./types.ts";

/** Part counts of the prototypes of the pool: it holds more looks than one reference. */
const POOLED_PARTS = [2, 4, 6, 8];
/** Nearest candidates whose masks are averaged. */
export const AVERAGED = 3;
/** What lying where the references lie counts, against 1 for the nearest candidate's distance. */
const PLACE = 0.5;

/** A recipe for the pool's prototypes. */
export function pooledRecipe(recipe: Recipe): Recipe {
  return { ...recipe, parts: POOLED_PARTS };
}

/** All references as one: prototypes of their patches together; of negatives the mean. */
export function poolProfiles(profiles: Profile[]): Profile {
  const [{ model, channels }] = profiles;
  const patches = concatRows(profiles.map(({ patches }) => patches));
  const negatives = profiles.flatMap(({ negatives }) =>
    negatives.filter(({ count }) => count === 1)
  );
  return {
    model,
    channels,
    patches,
    parts: prototypeSets(patches, channels, POOLED_PARTS),
    surroundings: null,
    calibrationRange: null,
    negatives: negatives.length === 0 ? [] : prototypeSets(
      concatRows(negatives.map(({ prototypes }) => prototypes)),
      channels,
      [1],
    ),
  };
}

/**
 * The distance of candidates to several references together. References differ in scale, so that each one's
 * distances are divided by its least; the mean of that, less what a candidate's overlap with the places of the
 * references counts, is told in the scale of their mean least distance. Where candidates equal each other in all
 * but place, the one that lies where the structure was is nearer.
 *
 * @param pick gives the listed patches of the target, raw.
 * @returns one distance for each candidate; Infinity for an empty mask.
 */
export function pooledDistances(
  profiles: Profile[],
  pick: (patches: Int32Array) => Float32Array,
  model: ModelGeometry,
  candidates: DecoderOutput[],
): number[] {
  const masks = candidates.map(({ logits }) => maskedPatches(logits, model));
  const scores = profiles.map(({ patches }) =>
    scoreCandidates(patches, pick, model.channels, masks)
      .map(({ distance }) => distance)
  );
  const least = scores.map((distances) => Math.min(...distances));
  const scale = mean(least);
  const places = profiles.flatMap(({ cells }) => cells ?? []);
  return masks.map((mask, i) => {
    if (!Number.isFinite(scores[0][i])) return Infinity;
    const relative = mean(
      scores.map((distances, p) => least[p] > 0 ? distances[i] / least[p] : 1),
    );
    const overlaps = places.map((cells) => overlapOf(mask, cells));
    const place = overlaps.length > 0 ? mean(overlaps) : 0;
    return (relative - PLACE * place) * scale;
  });
}

/** The mean of the masks of the nearest candidates, as probabilities; lowResMask², or null where all are empty. */
export function averageNearest(
  candidates: (DecoderOutput & { distance: number })[],
): Float32Array | null {
  const nearest = candidates.filter(({ distance }) => Number.isFinite(distance))
    .sort((a, b) => a.distance - b.distance).slice(0, AVERAGED);
  if (nearest.length === 0) return null;
  const sum = new Float32Array(nearest[0].logits.length);
  for (const { logits } of nearest) {
    for (let i = 0; i < sum.length; i++) {
      sum[i] += 1 / (1 + Math.exp(-logits[i])) / nearest.length;
    }
  }
  return sum;
}

/** Dice of two ascending lists of patches. */
function overlapOf(a: Int32Array, b: Int32Array): number {
  const other = new Set(b);
  const both = a.filter((patch) => other.has(patch)).length;
  return 2 * both / (a.length + b.length);
}

function concatRows(parts: Float32Array[]): Float32Array {
  const out = new Float32Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
