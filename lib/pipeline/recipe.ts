/** Which candidates are tried, and how they are decoded. */
export interface Recipe {
  /** Part counts n. */
  parts: number[];
  /** Counts m of background prototypes; or `least`: one negative point, where the mean map of the parts is smallest. */
  negatives: number[] | "least";
  /**
   * PerSAM's ideas (arXiv 2305.03048, "Training-free PerSAM"): the first pass is guided by the mean map and the mean
   * foreground patch, the later ones take the multimask output of the best predicted IoU.
   */
  guided: boolean;
}

/** The recipes of the paper's experiments (section 4). */
export const RECIPES = {
  /** CT, endoscopy: n = 1..5, m = 1. */
  medical: { parts: [1, 2, 3, 4, 5], negatives: [1], guided: false },
  /** PerSeg. */
  natural: { parts: [1, 2, 3, 4, 5], negatives: "least", guided: true },
} satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof RECIPES;

export const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];
