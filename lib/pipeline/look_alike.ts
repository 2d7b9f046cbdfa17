import type { Box } from "../core/geometry.ts";
import { evenlySpread } from "../numerics/evenly_spread.ts";
import { cascade } from "./cascade.ts";
import type { Profile } from "./profile.ts";
import { propose } from "./prompt.ts";
import { scoreCandidates } from "./retrieve.ts";
import { Target } from "./target.ts";

/** What in a reference's own image, outside the annotation, is most like the structure. */
export interface LookAlike {
  /** Low-res logits of its mask. */
  logits: Float32Array;
  /** Inclusive corners in image space. */
  box: Box;
  /** Earth mover's distance to the annotated patches, as of an answer. */
  distance: number;
  /** The same of the annotation's surroundings as a whole. */
  surroundings: number;
}

/** Grid steps around the annotation whose patches still show some of it. */
const MARGIN = 2;
/** Patches of the surroundings that are compared, at most. */
const SAMPLE = 256;
/** The simplest candidates: two part counts and one negative. */
const RECIPE = {
  parts: [1, 2],
  negatives: [1],
  guided: false,
  dense: false,
};
/** A mask that holds more than this share of patches near the annotation has found the structure itself. */
const MAX_OVERLAP = 0.1;

/**
 * Searches a reference's own image for its structure where the annotation is not: the patches of the annotation and
 * around it are hidden from the similarity maps, and the image is segmented by the profile, with a negative point where
 * the structure itself is.
 *
 * @param profile made of the target; one without cells gives null.
 * @returns null where nothing is found outside.
 */
export async function findLookAlike(
  target: Target,
  profile: Profile,
): Promise<LookAlike | null> {
  const { embedding, decoder, model, coordinates } = target;
  const { cells } = profile;
  if (cells === undefined) return null;
  const near = around(cells, model.grid);
  const shown = near.flatMap((isNear, cell) =>
    !isNear && coordinates.shows(cell) ? [cell] : []
  );
  if (shown.length === 0) return null;

  const [own] = propose(target, profile, { ...RECIPE, parts: [1] });
  const itself = own!.prompt.points
    .flatMap((point) =>
      point.label === 1 ? [{ ...point, label: 0 as const }] : []
    );
  const hidden = new Target(hide(embedding, near), decoder, model);
  const masks: { held: Int32Array; logits: Float32Array }[] = [];
  for (const { prompt } of propose(hidden, profile, RECIPE)) {
    const points = [...prompt.points, ...itself];
    const { logits } = await cascade(target, { points });
    const held = target.held(logits);
    const overlap = held.filter((cell) => near[cell]).length;
    if (held.length > 0 && overlap <= MAX_OVERLAP * held.length) {
      masks.push({ held, logits });
    }
  }
  const sets = [spread(shown), ...masks.map(({ held }) => held)];
  const [surroundings, ...scores] = scoreCandidates(
    profile.patches,
    target,
    sets,
  ).map(({ distance }) => distance);
  const distance = Math.min(...scores);
  const best = masks[scores.indexOf(distance)];
  const box = best && coordinates.toBox(best.logits);
  if (!box) return null;
  const { logits } = best;
  return { logits, box, distance, surroundings: surroundings! };
}

/** How far a look-alike may lie on the way from the structure to its surroundings. */
const AS_GOOD = 1 / 3;

/**
 * Whether a look-alike is as good as the structure itself: within a third of the way from what its augmentations are to
 * what its surroundings are. The other one of paired organs, drawn or a hip in CT, lay within a quarter; the right
 * ventricle lay at 0.39 from the left one, and the other lung of X-rays at 0.47 or more.
 *
 * @param own mean distance of the reference and its augmentations.
 */
export function isAsGood(
  { distance, surroundings }: LookAlike,
  own: number,
): boolean {
  return distance - own < (surroundings - own) * AS_GOOD;
}

/** Whether each cell of the grid is annotated or near one that is. */
function around(cells: Int32Array, grid: number): boolean[] {
  const near = new Array<boolean>(grid * grid).fill(false);
  for (const cell of cells) {
    const [x, y] = [cell % grid, Math.floor(cell / grid)];
    const bottom = Math.min(grid - 1, y + MARGIN);
    for (let row = Math.max(0, y - MARGIN); row <= bottom; row++) {
      const left = row * grid + Math.max(0, x - MARGIN);
      near.fill(true, left, row * grid + Math.min(grid, x + MARGIN + 1));
    }
  }
  return near;
}

/** The embedding with patches of zeros where the cells are hidden. */
function hide(
  embedding: Target["embedding"],
  hidden: boolean[],
): Target["embedding"] {
  const { image_embeddings: whole } = embedding.tensors;
  const data = whole!.data.slice();
  for (let i = 0; i < data.length; i++) {
    if (hidden[i % hidden.length]) data[i] = 0;
  }
  const tensors = {
    ...embedding.tensors,
    image_embeddings: { ...whole!, data },
  };
  return { ...embedding, tensors };
}

/** Some of the cells, evenly spread, ascending. */
function spread(cells: number[]): Int32Array {
  return evenlySpread(cells.length, SAMPLE).map((i) => cells[i]!);
}
