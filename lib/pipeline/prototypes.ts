import { kMeans } from "../numerics/kmeans.ts";
import { meanOfPatches, normaliseRows } from "../numerics/patches.ts";
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
    const unit = normaliseRows(clustering.centres, channels);
    return [{ count, prototypes: Float32Array.from(unit) }];
  });
}

/**
 * The one prototype of the listed patches, none where there are none: what `prototypeSets` gives for a count of 1.
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
  const prototypes = Float32Array.from(normaliseRows(mean, channels));
  return [{ count: 1, prototypes }];
}
