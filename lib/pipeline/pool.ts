import type { Profile } from "./profile.ts";
import { prototypeSets } from "./prototypes.ts";
import type { Recipe } from "./recipe.ts";
import type { Nearness } from "./nearness.ts";
import { type Score, scoreCandidates } from "./retrieve.ts";
import type { Target } from "./target.ts";
import type { DecoderOutput } from "./types.ts";

/** Part counts of the pooled prototypes: several references show more than one does. */
const POOLED_PARTS = [2, 4, 6, 8];
/** Nearest candidates whose masks are averaged. */
export const AVERAGED = 3;
/** What overlap with the places of the references counts, against 1 for the least distance. */
const PLACE = 0.5;

/** The recipe for the pooled prototypes. */
export function pooledRecipe(recipe: Recipe): Recipe {
  return { ...recipe, parts: POOLED_PARTS };
}

/**
 * All references as one profile: prototypes of their patches together, and the mean of their negatives.
 *
 * @param parts counts of prototypes.
 */
export function poolProfiles(
  profiles: readonly Profile[],
  parts: number[],
): Profile {
  const { model, channels } = profiles[0]!;
  const patches = concatRows(profiles.map(({ patches }) => patches));
  const negatives = profiles.flatMap(({ negatives }) =>
    negatives.filter(({ count }) => count === 1)
  );
  return {
    model,
    channels,
    patches,
    parts: prototypeSets(patches, channels, parts),
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
 * The distance of candidates to several references together. References differ in scale, so each one's distances are
 * divided by its least; from the mean of that is taken what a candidate's overlap with the places of the references
 * counts. The result is given in the scale of their mean least distance. Of candidates that differ in place alone, the
 * one that lies where the structure was is nearer.
 *
 * @returns one score for each candidate, Infinity for an empty mask.
 */
export function pooledDistances(
  target: Target,
  profiles: readonly Profile[],
  candidates: DecoderOutput[],
): Score[] {
  const masks = candidates.map(({ logits }) => target.held(logits));
  const scores = profiles.map(({ patches }) =>
    scoreCandidates(patches, target, masks).map(({ distance }) => distance)
  );
  const least = scores.map((distances) => Math.min(...distances));
  const scale = mean(least);
  const places = profiles.flatMap(({ cells }) => cells ?? []);
  return masks.map((mask, i) => {
    if (mask.length === 0) return { distance: Infinity, isBound: false };
    const relative = mean(
      scores.map((distances, p) =>
        least[p]! > 0 ? distances[i]! / least[p]! : 1
      ),
    );
    const overlaps = places.map((cells) => overlapOf(mask, cells));
    const place = overlaps.length > 0 ? mean(overlaps) : 0;
    const distance = (relative - PLACE * place) * scale;
    return { distance, isBound: false };
  });
}

/** Probability that keeps logits finite. */
const TINY = 1e-7;

/**
 * The mean of the masks of the nearest candidates, and the nearness of patches, as logits.
 *
 * @param near weighs nothing where it is null.
 * @returns lowResMask², or null where every mask is empty.
 */
export function blendNearest(
  candidates: (DecoderOutput & Score)[],
  near: Nearness | null,
): Float32Array | null {
  const inside = averageNearest(candidates);
  if (inside === null) return null;
  return inside.map((p, i) => {
    const both = near === null
      ? p
      : p * (1 - near.weight) + near.inside[i]! * near.weight;
    return Math.log(Math.max(both, TINY) / Math.max(1 - both, TINY));
  });
}

/** The mean of the masks of the nearest candidates, as probabilities; lowResMask², or null where all are empty. */
function averageNearest(
  candidates: (DecoderOutput & Score)[],
): Float32Array | null {
  const nearest = candidates.filter(({ distance }) => Number.isFinite(distance))
    .sort((a, b) => a.distance - b.distance).slice(0, AVERAGED);
  const [first] = nearest;
  if (first === undefined) return null;
  const sum = new Float32Array(first.logits.length);
  for (const { logits } of nearest) {
    for (const [i, logit] of logits.entries()) {
      sum[i]! += 1 / (1 + Math.exp(-logit)) / nearest.length;
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
