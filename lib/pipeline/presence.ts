import type { CalibrationRange, Similarity } from "./calibration_range.ts";
import type { PresenceWeights, ScoreCalibration } from "./types.ts";

/** Why a structure is not in an image: no mask holds anything, or what it holds is not like the structure. */
export type Absence = "nothing-found" | "unlike";

/** Whether a structure is in an image, and how far the answer can be trusted. */
export interface Presence {
  present: boolean;
  /** Null where it is present. */
  absence: Absence | null;
  /** 0..1, from `threshold` on it is present; null where the reference gives nothing to judge by. */
  score: number | null;
  threshold: number;
  /** Similarities on the scale of the calibration range: 0 is absent, 1 present; neither end bounds them. */
  relative: Similarity | null;
  /** 0..1: ranks answers by how well their masks fit; null as `score` is. */
  confidence: number | null;
}

/**
 * From where on the way from absent (0) to present (1) a structure is called present. Low, since a structure that is
 * overlooked costs more than one that a person has to reject, and since visits differ more than augmentations do.
 */
const THRESHOLD = 1 / 8;

/** A mask less like the structure than this counts no worse: the surroundings keep their weight. */
const LEAST = -1 / 2;

/** Shortest way from absent to present that can be measured by. */
const LEAST_SPAN = 1e-3;

/**
 * Judges an answer by its similarity to the reference. A structure is present where the mean of both relative
 * similarities, each at most 1, passes the threshold. The confidence is the product of three numbers from 0 to 1: how
 * far the candidates agree, how well the self-tests found the reference, and how like its structure the mask is.
 *
 * @param similarity null where the profile holds no surroundings.
 * @param agreement 0..1, see `agreement.ts`.
 * @param isEmpty whether the mask is empty.
 */
export function judge(
  similarity: Similarity | null,
  range: CalibrationRange | null,
  agreement: number,
  isEmpty: boolean,
): Presence {
  const relative = relate(similarity, range);
  const threshold = THRESHOLD;
  if (relative === null || range === null) {
    const absence = isEmpty ? "nothing-found" : null;
    const unknown = { score: null, confidence: null };
    return { present: !isEmpty, absence, ...unknown, relative, threshold };
  }
  const structure = clamp(relative.structure, LEAST, 1);
  const surroundings = clamp(relative.surroundings, LEAST, 1);
  const score = isEmpty ? 0 : Math.max(0, (structure + surroundings) / 2);
  const like = (clamp(relative.structure, -1, 1) + 1) / 2;
  const confidence = isEmpty ? 0 : agreement * clamp(range.dice, 0, 1) * like;
  const present = score >= THRESHOLD;
  const absence = present ? null : isEmpty ? "nothing-found" : "unlike";
  return { present, absence, score, confidence, relative, threshold };
}

/**
 * Judges an answer by the IoU that its decoder predicts, for a decoder that was trained with images that do not show the
 * structure, where it should predict 0.
 *
 * @param predictedIou of the answer.
 * @param similarity null where the profile holds no surroundings.
 * @param relative the same on the scale of the calibration range, which is reported.
 */
export function judgePredicted(
  predictedIou: number,
  similarity: Similarity | null,
  relative: Similarity | null,
  { threshold, slope, offset, presence: weights }: ScoreCalibration,
  isEmpty: boolean,
): Presence {
  const iou = clamp(predictedIou, 1e-4, 1 - 1e-4);
  const logit = Math.log(iou / (1 - iou));
  const score = isEmpty
    ? 0
    : weights === undefined
    ? clamp(predictedIou, 0, 1)
    : chanceOfPresence(logit, similarity ?? weights.typical, weights);
  const present = score >= threshold;
  const confidence = isEmpty ? 0 : logistic(slope * logit + offset);
  const absence = present ? null : isEmpty ? "nothing-found" : "unlike";
  return { present, absence, score, confidence, relative, threshold };
}

function chanceOfPresence(
  logit: number,
  similarity: Similarity,
  { offset, rating, structure, surroundings }: PresenceWeights,
): number {
  return logistic(
    offset + rating * logit + structure * similarity.structure +
      surroundings * similarity.surroundings,
  );
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Places a similarity between those of its calibration range; null where one is missing or these are not apart. */
export function relate(
  similarity: Similarity | null,
  range: CalibrationRange | null,
): Similarity | null {
  if (similarity === null || range === null) return null;
  const { absent, present } = range;
  const place = (of: keyof Similarity) =>
    (similarity[of] - absent[of]) / (present[of] - absent[of]);
  const apart = (of: keyof Similarity) => present[of] - absent[of] > LEAST_SPAN;
  if (!apart("structure") || !apart("surroundings")) return null;
  return {
    structure: place("structure"),
    surroundings: place("surroundings"),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
