import { gatherPatches } from "../numerics/patches.ts";
import type { Profile } from "./profile.ts";
import { scoreCandidates } from "./retrieve.ts";

/** Drift above which a result is reported as having moved. */
export const DRIFT_LIMIT = 1.5;

/**
 * How far an accepted result lies from the first reference: the earth mover's distance between their patches over the
 * largest distance known to be harmless. That is the first reference's own spread (the mean squared distance of its
 * patches to their mean), or the distance of another annotated reference where that is larger. Earlier accepted results
 * do not widen it, since small steps in one direction add up.
 *
 * @param annotated other references that a person annotated.
 * @returns about 1 where nothing moved.
 */
export function measureDrift(
  first: Profile,
  annotated: Profile[],
  accepted: Profile,
): number {
  const distances = annotated.map((other) => distanceTo(first, other));
  const expected = Math.max(spread(first), ...distances);
  const distance = distanceTo(first, accepted);
  return expected > 0 ? distance / expected : distance > 0 ? Infinity : 0;
}

/** Earth mover's distance, squared Euclidean cost, uniform weights, between the patches of two profiles. */
function distanceTo(first: Profile, { patches, channels }: Profile): number {
  const all = Int32Array.from(
    { length: patches.length / channels },
    (_, i) => i,
  );
  const accepted = {
    channels,
    pick: (indices: Int32Array) => gatherPatches(patches, channels, indices),
  };
  const [score] = scoreCandidates(first.patches, accepted, [all]);
  return score!.distance;
}

/** Mean squared Euclidean distance of patches to their mean. */
function spread({ patches, channels }: Profile): number {
  const count = patches.length / channels;
  const mean = new Float64Array(channels);
  let squares = 0;
  for (const [i, value] of patches.entries()) {
    mean[i % channels]! += value / count;
    squares += value ** 2 / count;
  }
  return Math.max(0, squares - mean.reduce((sum, m) => sum + m * m, 0));
}
