import type { Coordinates } from "./coordinates.ts";

/** The mean of maps of one size, at least one. */
export function meanMap(maps: Float64Array[]): Float64Array {
  return maps[0]!.map((_, p) =>
    maps.reduce((sum, map) => sum + map[p]!, 0) / maps.length
  );
}

/**
 * What target-guided attention adds to the attention weights: the map brought to mean 0 and standard
 * deviation 1 over the image, through a sigmoid. PerSAM's paper weighs a softmax of the map by a factor
 * that it does not state; this is what its published code, which gave its results, has in that place.
 * The padding gets 0, the least.
 *
 * @param map g × g, row-major: the mean of the candidate's similarity maps.
 * @returns g × g, row-major, 0..1.
 */
export function attentionSimilarity(
  map: Float64Array,
  coordinates: Coordinates,
): Float32Array {
  const inside = (patch: number) => coordinates.shows(patch);
  const values = map.filter((_, p) => inside(p));
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) /
    values.length;
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  return Float32Array.from(
    map,
    (v, p) => inside(p) ? 1 / (1 + Math.exp((mean - v) * scale)) : 0,
  );
}

/** The mean of rows of C values: the target's embedding, of the raw foreground patches. */
export function meanPatch(
  patches: Float32Array,
  channels: number,
): Float32Array {
  const sum = new Float64Array(channels);
  patches.forEach((value, at) => sum[at % channels]! += value);
  return Float32Array.from(sum, (value) => value * channels / patches.length);
}
