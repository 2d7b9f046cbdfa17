import { EdgeError } from "../errors.ts";
import { gatherPatches, toPatches } from "../numerics/patches.ts";
import { requireSameSize, splitPatches } from "./annotation.ts";
import { surroundingsOf } from "./presence.ts";
import type { Profile } from "./profile.ts";
import { prototypeSets } from "./prototypes.ts";
import type { Embedding, Mask, ModelGeometry } from "./types.ts";

/** Largest part counts a profile holds (paper: polyp n = 1..5, m = 1). */
export const MAX_PARTS = 5;
export const MAX_NEGATIVES = 1;

/**
 * Makes a profile of one annotated image (paper, section 3.1).
 *
 * @param mask in the image frame of `embedding`; non-zero is the structure.
 * @throws EdgeError `invalid-input` for a mask of another size, empty or full; `annotation-too-small`
 * when it owns no patch.
 */
export function enrol(
  embedding: Embedding,
  mask: Mask,
  model: ModelGeometry,
): Profile {
  requireSameSize(mask, embedding.image);
  requireInsideAndOutside(mask);
  const { foreground, background } = splitPatches(mask, model);
  if (foreground.length === 0) {
    throw new EdgeError(
      "annotation-too-small",
      `The mask covers 0 of ${model.grid ** 2} patches; ` +
        `draw a larger region or send a closer crop.`,
    );
  }
  const all = toPatches(
    embedding.tensors.image_embeddings.data,
    model.channels,
  );
  const patches = gatherPatches(all, model.channels, foreground);
  const outside = gatherPatches(all, model.channels, background);
  return {
    model: model.digest,
    channels: model.channels,
    parts: prototypeSets(patches, model.channels, MAX_PARTS),
    negatives: prototypeSets(outside, model.channels, MAX_NEGATIVES),
    patches,
    ...surroundingsOf(embedding, all, patches, background, model),
  };
}

function requireInsideAndOutside({ data }: Mask): void {
  const first = data[0] !== 0;
  for (let i = 1; i < data.length; i++) {
    if ((data[i] !== 0) !== first) return;
  }
  throw new EdgeError(
    "invalid-input",
    first
      ? "The mask covers the whole image; mark the structure and leave its surroundings out."
      : "The mask is empty; mark the structure with non-zero pixels.",
  );
}
