import { largestCosines } from "../numerics/largest_cosines.ts";
import {
  gatherPatches,
  normaliseRows,
  pickPatches,
} from "../numerics/patches.ts";
import { Frame } from "./coordinates.ts";
import { meanPatch } from "./guidance.ts";
import type { CalibrationRange, Similarity } from "./calibration_range.ts";
import type { Profile } from "./profile.ts";
import type { Embedding, ModelGeometry } from "./types.ts";

/** Patches of a reference that stand for its structure, and that stand for its surroundings, at most. */
const SAMPLE = 64;

/** Whether a structure is in an image, and how far the answer can be trusted. */
export interface Presence {
  present: boolean;
  /** Why it is not, in plain words; else null. */
  reason: string | null;
  /** 0..1, from `threshold` on it is present; null where the reference gives nothing to judge by. */
  score: number | null;
  threshold: number;
  /** Likenesses on the scale of the calibration range: 0 is absent, 1 present; neither end bounds them. */
  relative: Similarity | null;
  /** 0..1: ranks answers by how well their masks fit; null as `score` is. */
  confidence: number | null;
}

/**
 * From where on the way from absent (0) to present (1) a structure is called present. Low, since a structure that is
 * overlooked costs more than one that a person has to reject, and since visits differ more than copies do.
 */
const THRESHOLD = 1 / 8;

/** A mask that is less like the structure than this says no more than that; it leaves the surroundings their weight. */
const LEAST = -1 / 2;

/** Shortest way from absent to present that can be measured by. */
const LEAST_SPAN = 1e-3;

/**
 * Judges an answer by its similarity to the reference. Present is where the mean of both relative similarities, each at
 * most 1, passes the threshold. The confidence is the product of three shares: how far the candidates agree, how well
 * the reference is found again in its own copies, and how like its structure the mask is.
 *
 * @param similarity null where the profile holds no surroundings.
 * @param agreement 0..1, see `agreement.ts`.
 * @param empty whether the mask is empty.
 */
export function judge(
  similarity: Similarity | null,
  calibrationRange: CalibrationRange | null,
  agreement: number,
  empty: boolean,
): Presence {
  const relative = similarity && calibrationRange &&
    relate(similarity, calibrationRange);
  const known = { relative, threshold: THRESHOLD };
  if (relative === null || calibrationRange === null) {
    const reason = empty ? NOTHING_FOUND : null;
    return { present: !empty, reason, score: null, confidence: null, ...known };
  }
  const structure = clamp(relative.structure, LEAST, 1);
  const surroundings = clamp(relative.surroundings, LEAST, 1);
  const score = empty ? 0 : Math.max(0, (structure + surroundings) / 2);
  const like = (clamp(relative.structure, -1, 1) + 1) / 2;
  const confidence = empty
    ? 0
    : agreement * clamp(calibrationRange.dice, 0, 1) * like;
  const present = score >= THRESHOLD;
  const reason = present ? null : empty ? NOTHING_FOUND : whyAbsent(relative);
  return { present, reason, score, confidence, ...known };
}

const NOTHING_FOUND = "No part of the image was taken for the structure.";

function whyAbsent({ structure, surroundings }: Similarity): string {
  const found = structure < 0
    ? "What is most like the structure is less like it than the reference's own surroundings are"
    : "What is most like the structure is hardly more like it than the reference's own surroundings are";
  return surroundings < 0.5
    ? `${found}, and the image shows other surroundings than the reference.`
    : `${found}.`;
}

/** Places a similarity between those of its calibration range; null where these are not apart. */
function relate(
  similarity: Similarity,
  { absent, present }: CalibrationRange,
): Similarity | null {
  const place = (of: keyof Similarity) =>
    (similarity[of] - absent[of]) / (present[of] - absent[of]);
  const apart = (of: keyof Similarity) => present[of] - absent[of] > LEAST_SPAN;
  if (!apart("structure") || !apart("surroundings")) return null;
  return {
    structure: place("structure"),
    surroundings: place("surroundings"),
  };
}

/**
 * What a profile holds to judge presence by: at most 64 patches from around the structure, evenly spread over the image
 * without its padding, and the calibration range of a reference of which no copy was seen yet. Nulls where nothing is around it.
 *
 * @param structure the annotated ones, K × C.
 * @param background indices of the others.
 */
export function surroundingsOf(
  embedding: Embedding,
  structure: Float32Array,
  background: Int32Array,
  model: ModelGeometry,
): Pick<Profile, "surroundings" | "calibrationRange"> {
  const { channels } = model;
  const shown = new Set(shownPatches(embedding, model));
  const around = background.filter((patch) => shown.has(patch));
  if (around.length === 0) {
    return { surroundings: null, calibrationRange: null };
  }
  const { data } = embedding.tensors.image_embeddings;
  const surroundings = pickPatches(data, channels, spread(around));
  const rows = sampleRows(structure, channels);
  const absent = {
    structure: meanBest(embedding, rows, around, channels),
    surroundings: cosineWithMean(surroundings, channels),
  };
  const present = { structure: 1, surroundings: 1 };
  return {
    surroundings,
    calibrationRange: { absent, present, copies: 0, dice: 1 },
  };
}

/**
 * The calibration range once the reference's copies were tried.
 *
 * @param dice mean over the reference and its copies.
 */
export function calibrated(
  { absent, present }: CalibrationRange,
  copies: Similarity[],
  dice: number,
): CalibrationRange {
  const mean = (of: keyof Similarity) =>
    copies.reduce((sum, copy) => sum + copy[of], 0) / copies.length;
  return {
    absent,
    present: copies.length === 0
      ? present
      : { structure: mean("structure"), surroundings: mean("surroundings") },
    copies: copies.length,
    dice,
  };
}

/**
 * The calibration range of a reference beside others of its label: what their annotated patches show is what the structure
 * looks like on other images of the patient, and joins the copies' mean, one for one. It never comes nearer to absent
 * than half the way.
 */
export function refined(
  profile: Profile,
  others: Profile[],
): CalibrationRange | null {
  const { calibrationRange } = profile;
  if (calibrationRange === null || others.length === 0) return calibrationRange;
  const { absent, present } = calibrationRange;
  const rows = sampleRows(profile.patches, profile.channels);
  const seen = others.map(({ patches }) =>
    meanBestOf(rows, patches, profile.channels)
  );
  const mean = [present.structure, ...seen].reduce((a, b) => a + b, 0) /
    (1 + seen.length);
  const least = (absent.structure + present.structure) / 2;
  const structure = Math.max(Math.min(mean, present.structure), least);
  return { ...calibrationRange, present: { ...present, structure } };
}

/**
 * How well an image repeats a reference.
 *
 * @param masked patches of the image that a mask holds, ascending; an empty mask is like nothing (-1).
 * @returns null for a profile of before.
 */
export function similarityTo(
  embedding: Embedding,
  profile: Profile,
  masked: Int32Array,
  model: ModelGeometry,
): Similarity | null {
  const { channels } = model;
  if (profile.surroundings === null) return null;
  const structure = sampleRows(profile.patches, channels);
  const shown = shownPatches(embedding, model);
  return {
    structure: meanBest(embedding, structure, masked, channels),
    surroundings: meanBest(embedding, profile.surroundings, shown, channels),
  };
}

/** The mean over some rows of their largest cosine similarity with any of others. */
function meanBestOf(
  rows: Float32Array,
  others: Float32Array,
  channels: number,
): number {
  const [a, b] = [rows, others].map((one) => normaliseRows(one, channels));
  let sum = 0;
  for (let i = 0; i < a.length; i += channels) {
    let best = -1;
    for (let j = 0; j < b.length; j += channels) {
      let dot = 0;
      for (let c = 0; c < channels; c++) dot += a[i + c] * b[j + c];
      best = Math.max(best, dot);
    }
    sum += best;
  }
  return sum * channels / a.length;
}

/** The mean over some rows of their largest cosine similarity with the listed patches; -1 where none is listed. */
function meanBest(
  { tensors }: Embedding,
  rows: Float32Array,
  within: Int32Array,
  channels: number,
): number {
  if (within.length === 0) return -1;
  const unit = Float32Array.from(normaliseRows(rows, channels));
  const { data } = tensors.image_embeddings;
  const best = largestCosines(data, channels, unit, within);
  return best.reduce((sum, value) => sum + value, 0) / best.length;
}

/** The mean cosine similarity of rows with the mean of their directions. */
function cosineWithMean(rows: Float32Array, channels: number): number {
  const unit = Float32Array.from(normaliseRows(rows, channels));
  // The mean cosine of unit vectors with their normalised mean is the length of that mean.
  return Math.hypot(...meanPatch(unit, channels));
}

/** At most 64 of some numbers, evenly spread in their order. */
function spread(numbers: Int32Array): Int32Array {
  const taken = Math.min(numbers.length, SAMPLE);
  return Int32Array.from(
    { length: taken },
    (_, i) => numbers[Math.floor((i + 0.5) * numbers.length / taken)],
  );
}

/** The annotated patches that stand for the structure, K × C. */
function sampleRows(patches: Float32Array, channels: number): Float32Array {
  const all = Int32Array.from(
    { length: patches.length / channels },
    (_, i) => i,
  );
  return gatherPatches(patches, channels, spread(all));
}

/** The patches that lie on the image, not on its padding; ascending. */
function shownPatches(
  { image }: Embedding,
  { grid, size }: ModelGeometry,
): Int32Array {
  const { scaled } = new Frame(image, size);
  const columns = Math.ceil(scaled.width * grid / size);
  const rows = Math.ceil(scaled.height * grid / size);
  return Int32Array.from(
    { length: rows * columns },
    (_, i) => Math.floor(i / columns) * grid + i % columns,
  );
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
