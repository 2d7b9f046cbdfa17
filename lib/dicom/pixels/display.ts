import { greyRange, LOST } from "../../codecs/grey_histogram.ts";
import type { SampleArray } from "../../codecs/sample_array.ts";
import type { Samples } from "../../codecs/samples.ts";
import type { Warning } from "../../core/warnings.ts";
import type { Dataset } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import type { DicomLayout } from "./layout.ts";
import { readLut } from "./lut.ts";
import { type Modality, readModality } from "./modality.ts";
import { readWindow, type StatedWindow, type Step } from "./window.ts";

/** How stored values are shown, and what was not used. */
export interface GreyDisplay
  extends Pick<Samples, "display" | "level" | "estimated"> {
  warnings: Warning[];
}

/** Pixels between two that are looked at one after the other. */
const STRIDE = 61;

/** A test for padding, or undefined where there is none. */
type IsPadding = ((value: number) => boolean) | undefined;

/**
 * The grey level, 0 to 255, of every stored value of a grey frame (PS3.3 §C.11.1, C.11.2, C.7.6.3.1.2): as a table by
 * the value's low 16 bits, or as a function for floats and for more than 16 stored bits.
 *
 * First comes the rescale or the modality LUT. Then comes the first VOI LUT, scaled by its own greatest output, or the
 * first window that the file states for the frame. Without either, or where it shows nothing, values of up to 8 stored
 * bits are shown by their full range, and others between percentiles of the frame's own values without padding.
 * MONOCHROME1 is inverted at last.
 *
 * @param data stored values of the frame.
 */
export function greyDisplay(
  layout: DicomLayout,
  frame: number,
  data: SampleArray,
): GreyDisplay {
  const { dataset, stored, signed, isFloat } = layout;
  const [low, high] = storedRange(layout);
  const modality = readModality(dataset, frame, signed);
  const isPadding = readPadding(layout);
  const isNegative = !isFloat &&
    Math.min(modality.look(low), modality.look(high)) < 0;
  const stated = readLutWindow(dataset, isNegative) ??
    readWindow(dataset.group(frame, TAG.frameVoi)) ??
    (dataset.item(TAG.voiLut) && { ignored: "its table is cut short" });
  const warnings: Warning[] = modality.doubt === undefined
    ? []
    : [{ code: "contradiction", detail: modality.doubt }];
  let ignored: string | undefined;
  if (stated !== undefined) {
    if ("step" in stated) {
      const shown = applied(layout, modality.look, stated.step);
      if (!isLost(data, shown, isPadding)) return { ...shown, warnings };
    }
    ignored = "ignored" in stated
      ? stated.ignored
      : "it would leave the picture black, white or grey all over";
  }
  const shown = stored <= 8 && !isFloat
    ? applied(
      layout,
      modality.look,
      between([low, high].map(modality.look)),
    )
    : showEstimated(layout, modality, data, isPadding);
  if (ignored !== undefined) {
    warnings.push({
      code: "window-ignored",
      detail: `The window that the file states was not used: ${ignored}. ` +
        "The picture is shown by the range of its own values.",
    });
  }
  return { ...shown, warnings };
}

/** The least and the greatest value that the stored bits can hold. */
function storedRange({ stored, signed }: DicomLayout): [number, number] {
  const low = signed ? -(2 ** (stored - 1)) : 0;
  return [low, low + 2 ** stored - 1];
}

/** @param signed whether the input can be negative. */
function readLutWindow(
  dataset: Dataset,
  signed: boolean,
): StatedWindow | undefined {
  const lut = readLut(dataset.item(TAG.voiLut), signed);
  if (lut === undefined || lut.top === 0) return undefined;
  return { step: (value) => lut.look(value) * (255 / lut.top) };
}

/** The grey levels of stored values by the steps of the pipeline. */
function applied(
  layout: DicomLayout,
  modality: Step,
  voi: Step,
): Pick<Samples, "display" | "level"> {
  const inverted = layout.photometric === "MONOCHROME1";
  if (layout.isFloat || layout.stored > 16) {
    const level = (value: number) => toGrey(voi(modality(value)));
    return { level: inverted ? (value) => 255 - level(value) : level };
  }
  const [low, high] = storedRange(layout);
  const display = new Uint8Array(0x10000);
  for (let value = low; value <= high; value++) {
    display[value & 0xffff] = toGrey(voi(modality(value)));
  }
  if (inverted) display.forEach((grey, i) => display[i] = 255 - grey);
  return { display };
}

function toGrey(level: number): number {
  return Math.floor(Math.min(Math.max(level, 0), 255) + 0.5);
}

/** Linear between the two values; 0 where they are equal. */
function between([one = 0, other = 0]: number[]): Step {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  if (!(to > from)) return () => 0;
  return (value) => (value - from) * (255 / (to - from));
}

/** The frame shown between percentiles of its own values; behind a modality LUT, between those of its output. */
function showEstimated(
  layout: DicomLayout,
  { look, isLinear }: Modality,
  data: SampleArray,
  isPadding: IsPadding,
): Pick<Samples, "display" | "level" | "estimated"> {
  if (isLinear) {
    const estimated = greyRange(data, isPadding);
    const { low, high } = estimated;
    return {
      ...applied(layout, look, between([low, high].map(look))),
      estimated,
    };
  }
  const values = new Uint16Array(data.length);
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (!isPadding?.(data[i])) values[count++] = look(data[i]);
  }
  const { low, high } = greyRange(values.subarray(0, count));
  return applied(layout, look, between([low, high]));
}

/** A test of whether a value stands for the outside of the picture (PS3.3 §C.7.5.1.1.2). */
function readPadding(
  { dataset, signed, isFloat, allocated }: DicomLayout,
): IsPadding {
  const [value, limit = value] = isFloat
    ? allocated === 32
      ? [TAG.floatPadding, TAG.floatPaddingLimit]
        .map((tag) => dataset.floats(tag, 4)[0])
      : [TAG.doublePadding, TAG.doublePaddingLimit]
        .map((tag) => dataset.floats(tag, 8)[0])
    : [TAG.padding, TAG.paddingLimit]
      .map((tag) => dataset.shorts(tag, signed)[0]);
  if (value === undefined || limit === undefined) return undefined;
  const [low, high] = [Math.min(value, limit), Math.max(value, limit)];
  return (v) => v >= low && v <= high;
}

/** Whether all pixels but a few would have one grey, or two next to each other, in a frame that is not constant. */
function isLost(
  data: SampleArray,
  { display, level }: Pick<Samples, "display" | "level">,
  isPadding: IsPadding,
): boolean {
  const few = LOST * data.length;
  // With a place more at either end.
  const counts = new Uint32Array(258);
  let [count, most, low, high] = [0, 0, Infinity, -Infinity];
  // In strides, so that a dark border does not make it long: most pictures have shown something after a few.
  const { length } = data;
  for (let n = 0, i = 0; n < length; n++, i += STRIDE) {
    if (i >= length) i = i % STRIDE + 1;
    const value = data[i];
    if (value !== value || isPadding?.(value)) continue;
    const grey = display !== undefined
      ? display[value & 0xffff]
      : level!(value);
    count++;
    counts[grey + 1]++;
    const pair = counts[grey + 1] + Math.max(counts[grey], counts[grey + 2]);
    if (pair > most) most = pair;
    if (count - most > few) return false;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low && most >= count * (1 - LOST);
}
