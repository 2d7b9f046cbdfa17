import { kMeans } from "../numerics/kmeans.ts";
import { meanOfPatches, unitRows } from "../numerics/patches.ts";
import type { PrototypeSet } from "./profile.ts";

/** Seed of the k-means restarts; count k draws from stream SEED + k. */
const SEED = 2025;

/**
 * Prototypes for each of some counts: L2-normalised cluster means (paper, section 3.1).
 *
 * @param patches rows of `channels`, raw.
 * @param counts ascending; those above the number of distinct patches are left out.
 */
export function prototypeSets(
  patches: Float32Array,
  channels: number,
  counts: number[],
): PrototypeSet[] {
  return counts.flatMap((count) => {
    const clustering = kMeans(patches, channels, count, SEED + count);
    if (clustering === null) return [];
    return [{ count, prototypes: unitRows(clustering.centres, channels) }];
  });
}

/**
 * The one prototype of the listed patches, none where the list is empty: what `prototypeSets` gives for a count of 1.
 *
 * @param embedding channels × (grid · grid), row-major.
 */
export function meanSets(
  embedding: Float32Array,
  channels: number,
  patches: Int32Array,
): PrototypeSet[] {
  if (patches.length === 0) return [];
  const mean = meanOfPatches(embedding, channels, patches);
  return [{ count: 1, prototypes: unitRows(mean, channels) }];
}
