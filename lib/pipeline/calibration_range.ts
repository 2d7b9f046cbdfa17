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
  /** All of it is there: the mean over its varied copies; without any, itself, which is 1. */
  present: Similarity;
  /** Copies that `present` is the mean of. */
  copies: number;
  /** Mean Dice with which the reference and its copies were found again; 1 until they are tried. */
  dice: number;
}
