import { EdgeError } from "../core/errors.ts";
import type { Size } from "../core/geometry.ts";
import { pickPatches } from "../numerics/patches.ts";
import {
  type PatchSplit,
  requireSameSize,
  splitPatches,
} from "./annotation.ts";
import { Coordinates } from "./coordinates.ts";
import { STRIDE } from "./nearness.ts";
import { surroundingsOf } from "./similarity.ts";
import type { Profile } from "./profile.ts";
import { meanSets, prototypeSets } from "./prototypes.ts";
import type { Embedding, ModelGeometry } from "./types.ts";
import type { Mask } from "../core/mask.ts";

/** Part counts that a profile holds (paper: polyp n = 1..5); of negatives it holds m = 1. */
export const PART_COUNTS = [1, 2, 3, 4, 5];

/**
 * The patches that an annotation owns and those that it leaves, where a profile can be made of them.
 *
 * @param mask of the image; non-zero is the structure.
 * @throws EdgeError `invalid-input` for a mask of another size, empty or full; `annotation-too-small`
 * when it owns no patch.
 */
export function annotatedPatches(
  mask: Mask,
  image: Size,
  model: ModelGeometry,
): PatchSplit {
  requireSameSize(mask, image);
  requireInsideAndOutside(mask);
  const split = splitPatches(mask, model);
  if (split.foreground.length > 0) return split;
  throw new EdgeError(
    "annotation-too-small",
    `The mask covers 0 of ${model.grid ** 2} patches; ` +
      `draw a larger region or send a closer crop.`,
  );
}

/**
 * Makes a profile of one annotated image (paper, section 3.1).
 *
 * @param mask of the image of `embedding`; non-zero is the structure.
 * @throws EdgeError as {@link annotatedPatches}.
 */
export function enrol(
  embedding: Embedding,
  mask: Mask,
  model: ModelGeometry,
): Profile {
  const { foreground, background } = annotatedPatches(
    mask,
    embedding.image,
    model,
  );
  const { data } = embedding.tensors.image_embeddings!;
  const patches = pickPatches(data, model.channels, foreground);
  const coordinates = new Coordinates(embedding.image, model);
  // A model that matches was trained against what the image shows.
  const isBackground = (cell: number) =>
    isKept(cell, model.grid) && (!model.matched || coordinates.shows(cell));
  return {
    model: model.digest,
    channels: model.channels,
    parts: prototypeSets(patches, model.channels, PART_COUNTS),
    negatives: meanSets(data, model.channels, background),
    patches,
    cells: foreground,
    background: pickPatches(
      data,
      model.channels,
      background.filter(isBackground),
    ),
    ...surroundingsOf(embedding, patches, background, model),
  };
}

/** Neighbours are much alike, so one patch in STRIDE² stands for the background. */
function isKept(cell: number, grid: number): boolean {
  return cell % grid % STRIDE === 0 && Math.floor(cell / grid) % STRIDE === 0;
}

function requireInsideAndOutside({ data }: Mask): void {
  const first = data[0] !== 0;
  // A coarse scan is usually enough.
  for (const step of [251, 1]) {
    for (let i = 1; i < data.length; i += step) {
      if ((data[i] !== 0) !== first) return;
    }
  }
  throw new EdgeError(
    "invalid-input",
    first
      ? "The mask covers the whole image; mark the structure and leave its surroundings out."
      : "The mask is empty; mark the structure with non-zero pixels.",
  );
}
