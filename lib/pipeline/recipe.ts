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
  /**
   * Beyond the paper: every patch of the target is matched with all patches of the references, and the decoder is given
   * the maps of that match, alone in one candidate and with the points in the others. See `dense.ts`.
   */
  dense: boolean;
}

/** The recipes of the paper's experiments (section 4), and one beyond it. */
export const RECIPES = {
  /** CT, endoscopy: n = 1..5, m = 1. */
  medical: {
    parts: [1, 2, 3, 4, 5],
    negatives: [1],
    guided: false,
    dense: false,
  },
  /** PerSeg. */
  natural: {
    parts: [1, 2, 3, 4, 5],
    negatives: "least",
    guided: true,
    dense: false,
  },
  /** Dense matching, and of the paper's candidates one. */
  dense: { parts: [3], negatives: [1], guided: false, dense: true },
} satisfies Record<string, Recipe>;

export type RecipeName = keyof typeof RECIPES;

/** The recipe where none is asked for: dense matching for a model whose decoder takes match maps. */
export function defaultRecipe(isMatched: boolean): RecipeName {
  return isMatched ? "dense" : "medical";
}

export const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];
