import type { Dataset } from "../data_set/data_set.ts";
import { splitValues, toDecimal } from "../data_set/decimals.ts";
import { TAG } from "../data_set/tags.ts";

/** One step of the grey-scale pipeline (PS3.3 §C.11). */
export type Step = (value: number) => number;

/** What a file states of a window: how it shows values, 0 to 255 unclipped; or why it cannot be used. */
export type StatedWindow = { step: Step } | { ignored: string };

/**
 * The first window of a group that can be used (PS3.3 §C.11.2.1.2 and .3), or undefined where none is stated.
 *
 * LINEAR is not defined for widths below 1, which suit values between integers alone; such widths are applied as
 * LINEAR_EXACT is. Every other width above 0 is applied as its function says.
 */
export function readWindow(voi: Dataset): StatedWindow | undefined {
  const centers = windowValues(voi.text(TAG.windowCenter));
  const widths = windowValues(voi.text(TAG.windowWidth));
  const isStated = [...centers, ...widths].some((value) => value !== "");
  if (!isStated) return undefined;
  let isNumber = false;
  for (const [i, text] of centers.entries()) {
    const center = toDecimal(text);
    const width = toDecimal(widths[i] ?? "");
    if (center === undefined || width === undefined) continue;
    isNumber = true;
    if (width > 0) {
      return { step: stepOf(voi.text(TAG.windowFunction), center, width) };
    }
  }
  return {
    ignored: isNumber
      ? "its width is not above 0"
      : "its centre and its width are not both numbers",
  };
}

/** The values of a window; where a text has several commas, these separate its values. */
function windowValues(text: string): string[] {
  return splitValues(text).map((value) => {
    const parts = value.split(",", 3);
    return parts.length === 3 ? parts[0].trim() : value;
  });
}

function stepOf(kind: string, center: number, width: number): Step {
  if (kind === "SIGMOID") {
    return (value) => 255 / (1 + Math.exp((-4 * (value - center)) / width));
  }
  if (kind === "LINEAR_EXACT" || width < 1) {
    return (value) => ((value - center) / width + 0.5) * 255;
  }
  if (width === 1) return (value) => value <= center - 0.5 ? 0 : 255;
  return (value) => ((value - (center - 0.5)) / (width - 1) + 0.5) * 255;
}
