import { largestCosines } from "../numerics/cosine.ts";
import { evenlySpread } from "../numerics/evenly_spread.ts";
import {
  gatherPatches,
  normaliseRows,
  pickPatches,
  unitRows,
} from "../numerics/patches.ts";
import type { CalibrationRange, Similarity } from "./calibration_range.ts";
import { Coordinates } from "./coordinates.ts";
import { meanPatch } from "./guidance.ts";
import type { Profile } from "./profile.ts";
import type { Target } from "./target.ts";
import type { Embedding, ModelGeometry } from "./types.ts";

/** How many patches stand for the structure of a reference, and how many for its surroundings, at most. */
const SAMPLE = 64;

/**
 * What a profile holds to judge presence by: at most 64 patches from around the structure, evenly spread over the image
 * without its padding, and the calibration range before any self-test. Nulls where nothing surrounds the structure.
 *
 * @param structure the annotated patches, K × C.
 * @param background indices of the other patches.
 */
export function surroundingsOf(
  { image, tensors }: Embedding,
  structure: Float32Array,
  background: Int32Array,
  model: ModelGeometry,
): Pick<Profile, "surroundings" | "calibrationRange"> {
  const { channels } = model;
  const coordinates = new Coordinates(image, model);
  const around = background.filter((patch) => coordinates.shows(patch));
  if (around.length === 0) {
    return { surroundings: null, calibrationRange: null };
  }
  const { data } = tensors.image_embeddings!;
  const surroundings = pickPatches(data, channels, spread(around));
  const rows = sampleRows(structure, channels);
  const absent = {
    structure: meanBest(data, rows, around, channels),
    surroundings: cosineWithMean(surroundings, channels),
  };
  const present = { structure: 1, surroundings: 1 };
  const range = { absent, present, augmentations: 0, dice: 1 };
  return { surroundings, calibrationRange: range };
}

/**
 * How well an image repeats a reference.
 *
 * @param held patches of the image that a mask holds, ascending; an empty mask is like nothing (-1).
 * @returns null for profiles enrolled before presence scoring.
 */
export function similarityTo(
  { patches, coordinates, channels }: Target,
  profile: Profile,
  held: Int32Array,
): Similarity | null {
  if (profile.surroundings === null) return null;
  const structure = sampleRows(profile.patches, channels);
  const shown = coordinates.shownPatches();
  return {
    structure: meanBest(patches, structure, held, channels),
    surroundings: meanBest(patches, profile.surroundings, shown, channels),
  };
}

/**
 * The calibration range of a reference beside others of its label. What their annotated patches show is what the
 * structure looks like on other images of the patient, so each counts as much as the mean of the augmentations. The
 * range never shrinks below half its length.
 */
export function refineRange(
  { calibrationRange, patches, channels }: Profile,
  others: Profile[],
): CalibrationRange | null {
  if (calibrationRange === null || others.length === 0) return calibrationRange;
  const { absent, present } = calibrationRange;
  const rows = sampleRows(patches, channels);
  const seen = others.map((other) =>
    meanBestExact(rows, other.patches, channels)
  );
  const mean = [present.structure, ...seen].reduce((a, b) => a + b, 0) /
    (1 + seen.length);
  const least = (absent.structure + present.structure) / 2;
  const structure = Math.max(Math.min(mean, present.structure), least);
  return { ...calibrationRange, present: { ...present, structure } };
}

/** The mean over some rows of their largest cosine similarity with the rows of another list, in float64. */
function meanBestExact(
  rows: Float32Array,
  others: Float32Array,
  channels: number,
): number {
  const unit = normaliseRows(rows, channels);
  const other = normaliseRows(others, channels);
  let sum = 0;
  for (let i = 0; i < unit.length; i += channels) {
    let best = -1;
    for (let j = 0; j < other.length; j += channels) {
      let dot = 0;
      for (let c = 0; c < channels; c++) dot += unit[i + c]! * other[j + c]!;
      best = Math.max(best, dot);
    }
    sum += best;
  }
  return sum * channels / unit.length;
}

/** The mean over some rows of their largest cosine similarity with the listed patches; -1 where none is listed. */
function meanBest(
  patches: Float32Array,
  rows: Float32Array,
  within: Int32Array,
  channels: number,
): number {
  if (within.length === 0) return -1;
  const unit = unitRows(rows, channels);
  const best = largestCosines(patches, channels, unit, within);
  return best.reduce((sum, value) => sum + value, 0) / best.length;
}

/** The mean cosine similarity of rows with the mean of their directions. */
function cosineWithMean(rows: Float32Array, channels: number): number {
  // The mean cosine of unit vectors with their normalised mean is the length of that mean.
  return Math.hypot(...meanPatch(unitRows(rows, channels), channels));
}

/** At most 64 of some numbers, evenly spread in their order. */
function spread(numbers: Int32Array): Int32Array {
  return evenlySpread(numbers.length, SAMPLE).map((i) => numbers[i]!);
}

/** The annotated patches that stand for the structure, K × C. */
function sampleRows(patches: Float32Array, channels: number): Float32Array {
  const chosen = evenlySpread(patches.length / channels, SAMPLE);
  return gatherPatches(patches, channels, chosen);
}
