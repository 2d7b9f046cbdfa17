import { withKMeans } from "../numerics/kmeans.ts";
import { meanOfPatches, normaliseRows } from "../numerics/patches.ts";
import type { PrototypeSet } from "./profile.ts";

/** Seed of the k-means restarts; count k draws from stream SEED + k. */
const SEED = 2025;

/**
 * Prototypes for every count that the patches allow: L2-normalised cluster means (paper, section 3.1).
 *
 * @param patches rows of `channels`, raw.
 */
export function prototypeSets(
  patches: Float32Array,
  channels: number,
  most: number,
): PrototypeSet[] {
  return withKMeans(patches, channels, (cluster) => {
    const sets: PrototypeSet[] = [];
    for (
      let count = 1;
      count <= Math.min(most, patches.length / channels);
      count++
    ) {
      const clustering = cluster(count, SEED + count);
      if (clustering === null) break;
      const prototypes = Float32Array.from(
        normaliseRows(clustering.centres, channels),
      );
      sets.push({ count, prototypes });
    }
    return sets;
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
