import type { CalibrationRange } from "./calibration_range.ts";

/** The prototypes for one part count: rows of norm 1. */
export interface PrototypeSet {
  /** Number of prototypes. */
  count: number;
  /** count × C, row-major, float32; each row has norm 1. */
  prototypes: Float32Array;
}

/** What is kept of an annotated image: all that segmenting needs, and no pixel of it. */
export interface Profile {
  /** Digest of the model whose embedding it was made from. */
  model: string;
  /** C: length of a patch. */
  channels: number;
  /** Foreground prototypes for n = 1, 2, …, ascending; counts above the number of distinct patches are missing. */
  parts: PrototypeSet[];
  /** Background prototypes for m = 1, 2, …, ascending; m = 0 needs none. */
  negatives: PrototypeSet[];
  /** K × C, row-major: the raw foreground patches, the reference distribution. */
  patches: Float32Array;
  /**
   * Up to 64 × C, row-major: raw patches from around the structure, evenly spread; null for profiles enrolled before
   * presence scoring.
   */
  surroundings: Float32Array | null;
  /** What presence is judged by; null as `surroundings` is. */
  calibrationRange: CalibrationRange | null;
  /** The grid cells of the patches, `y · g + x`, ascending; profiles of older versions lack them. */
  cells?: Int32Array;
  /** Raw patches of the background, row-major, of every second row and column of the grid; older profiles lack them. */
  background?: Float32Array;
}
