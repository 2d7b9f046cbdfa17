import type { Dataset } from "../data_set/data_set.ts";
import { splitValues, toDecimal } from "../data_set/decimals.ts";
import { TAG } from "../data_set/tags.ts";
import { readLut } from "./lut.ts";
import type { Step } from "./window.ts";

/** The first step of the grey-scale pipeline: a rescale, or a modality LUT. */
export interface Modality {
  look: Step;
  isLinear: boolean;
  /** What the file states of it that cannot be used, as a sentence. */
  doubt?: string;
}

/**
 * The modality LUT of a data set, or else the rescale of one of its frames (PS3.3 §C.11.1).
 *
 * @param signed whether stored values can be negative.
 */
export function readModality(
  dataset: Dataset,
  frame: number,
  signed: boolean,
): Modality {
  const item = dataset.item(TAG.modalityLut);
  const lut = readLut(item, signed);
  if (lut !== undefined) return { look: lut.look, isLinear: false };
  const values = dataset.group(frame, TAG.pixelValues);
  const stated = [TAG.slope, TAG.intercept]
    .map((tag) => splitValues(values.text(tag))[0] ?? "");
  const [slope = 1, intercept = 0] = stated.map(toDecimal);
  const isBad = item !== undefined ||
    stated.some((text) => text !== "" && toDecimal(text) === undefined);
  return {
    // A slope of 0 would flatten the picture; its writers mean that there is none.
    look: (value) => value * (slope || 1) + intercept,
    isLinear: true,
    ...(isBad && {
      doubt:
        "Its modality LUT or its rescale cannot be read; its values were taken without it.",
    }),
  };
}
