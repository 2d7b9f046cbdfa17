import { EdgeError } from "../errors.ts";
import { bilinearAxis, resizeBilinear } from "../numerics/bilinear.ts";
import { maskInModelFrame } from "./preprocess.ts";
import type { Mask, ModelGeometry, Size } from "./types.ts";

/** Patch indices (`y · g + x`, ascending) inside and outside an annotation. */
export interface PatchSplit {
  foreground: Int32Array;
  background: Int32Array;
}

/**
 * Which patches an annotation owns: the mask is resized like the image, padded with zeros, recentred
 * about the middle of its own minimum and maximum, and resized to the grid; foreground is > 0
 * (paper, section 3.1). The padding counts as background.
 */
export function splitPatches(mask: Mask, model: ModelGeometry): PatchSplit {
  const { size, grid } = model;
  const padded = maskInModelFrame(mask, size);
  let low = 255;
  let high = 0;
  for (let i = 0; i < padded.length; i++) {
    if (padded[i] < low) low = padded[i];
    if (padded[i] > high) high = padded[i];
  }
  const axis = bilinearAxis(size, grid);
  const onGrid = resizeBilinear(padded, size, axis, axis);

  const middle = (low + high) / 2;
  const foreground: number[] = [];
  const background: number[] = [];
  for (let patch = 0; patch < onGrid.length; patch++) {
    (onGrid[patch] > middle ? foreground : background).push(patch);
  }
  return {
    foreground: Int32Array.from(foreground),
    background: Int32Array.from(background),
  };
}

/**
 * @throws EdgeError `invalid-input` when a mask is not of its image's size.
 */
export function requireSameSize(mask: Size, image: Size): void {
  if (mask.width === image.width && mask.height === image.height) return;
  throw new EdgeError(
    "invalid-input",
    `The mask is ${mask.width}×${mask.height} pixels, the image ${image.width}×${image.height}; ` +
      "send a mask of the image's size.",
  );
}
