/**
 * How well an image repeats a reference, as mean cosine similarities: each sampled patch of the reference against the
 * patch of the image that is most like it.
 */
export interface Similarity {
  /** Of the annotated patches, within a mask. */
  structure: number;
  /** Of the patches around them, within the whole image. */
  surroundings: number;
}

/** The two similarities between which that of an image is placed; the reference itself gives both. */
export interface CalibrationRange {
  /**
   * Nothing of the reference is there: what its structure finds in its own surroundings, and what its surroundings
   * have in common with their mean.
   */
  absent: Similarity;
  /** All of it is there: the mean over its augmentations; without any, itself, which is 1. */
  present: Similarity;
  /** How many augmentations `present` is the mean of. */
  augmentations: number;
  /** Mean Dice of the self-tests; 1 until they have run. */
  dice: number;
}

/**
 * The calibration range of a reference after its self-tests.
 *
 * @param augmentations how like the reference each of its augmentations is.
 * @param dice mean over the reference and its augmentations.
 */
export function calibrate(
  { absent, present }: CalibrationRange,
  augmentations: Similarity[],
  dice: number,
): CalibrationRange {
  const count = augmentations.length;
  const mean = (of: keyof Similarity) =>
    augmentations.reduce((sum, one) => sum + one[of], 0) / count;
  return {
    absent,
    present: count === 0
      ? present
      : { structure: mean("structure"), surroundings: mean("surroundings") },
    augmentations: count,
    dice,
  };
}
