import type { Dataset } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import type { DicomLayout } from "./layout.ts";
import type { Samples } from "../../codecs/samples.ts";

/** One step of the grey-scale pipeline (PS3.3 §C.11). */
type Step = (value: number) => number;

/** A look-up table; `top` is its greatest output. */
interface Lut {
  look: Step;
  top: number;
}

/**
 * The grey level, 0 to 255, of every stored value of a grey frame, indexed by the value's low 16 bits (PS3.3 §C.11.1,
 * C.11.2, C.7.6.3.1.2). First comes the rescale or the modality LUT. Then comes the first VOI LUT or window that the
 * file states; without either, the full range of up to 8 stored bits, or of more bits the minimum to maximum of the
 * frame's own values without padding. MONOCHROME1 is inverted at last.
 *
 * @param data stored values of the frame.
 */
export function displayTable(
  { dataset, stored, signed, photometric }: DicomLayout,
  frame: number,
  data: Samples["data"],
): Uint8Array {
  const values = dataset.group(frame, TAG.pixelValues);
  const modality = readLut(dataset.item(TAG.modalityLut), signed)?.look ??
    rescale(values);
  const low = signed ? -(2 ** (stored - 1)) : 0;
  const count = 2 ** stored;
  const voi = statedVoi(
    dataset,
    dataset.group(frame, TAG.frameVoi),
    Math.min(modality(low), modality(low + count - 1)) < 0,
  );
  const level = voi ?? ownRange(
    ...(stored <= 8
      ? [low, low + count - 1] as const
      : rangeOf(data, isPadding(dataset, signed))),
    modality,
  );
  const inverted = photometric === "MONOCHROME1";
  const table = new Uint8Array(0x10000);
  for (let value = low; value < low + count; value++) {
    const grey = Math.floor(
      Math.min(Math.max(level(modality(value)), 0), 255) + 0.5,
    );
    table[value & 0xffff] = inverted ? 255 - grey : grey;
  }
  return table;
}

function rescale(values: Dataset): Step {
  const [slope = 1] = values.decimals(TAG.slope);
  const [intercept = 0] = values.decimals(TAG.intercept);
  // A slope of 0 would flatten the picture; its writers mean that there is none.
  return (value) => value * (slope || 1) + intercept;
}

/**
 * Grey levels by the first VOI LUT or the first window, or undefined.
 *
 * @param signed whether its input can be negative.
 */
function statedVoi(
  dataset: Dataset,
  frameVoi: Dataset,
  signed: boolean,
): Step | undefined {
  const lut = readLut(dataset.item(TAG.voiLut), signed);
  if (lut !== undefined) return (value) => lut.look(value) * (255 / lut.top);
  const [center] = frameVoi.decimals(TAG.windowCenter);
  const [width] = frameVoi.decimals(TAG.windowWidth);
  if (center === undefined || width === undefined) return undefined;
  const kind = frameVoi.text(TAG.windowFunction) || "LINEAR";
  if (kind === "SIGMOID" && width > 0) {
    return (value) => 255 / (1 + Math.exp((-4 * (value - center)) / width));
  }
  if (kind === "LINEAR_EXACT" && width > 0) {
    return (value) => ((value - center) / width + 0.5) * 255;
  }
  if (width < 1) return undefined;
  if (width === 1) return (value) => value <= center - 0.5 ? 0 : 255;
  return (value) => ((value - (center - 0.5)) / (width - 1) + 0.5) * 255;
}

/** Linear from the least to the greatest value; 0 where they are equal. */
function ownRange(low: number, high: number, modality: Step): Step {
  const [from, to] = [modality(low), modality(high)].sort((a, b) => a - b);
  if (!(to > from)) return () => 0;
  return (value) => (value - from) * (255 / (to - from));
}

function rangeOf(
  data: Samples["data"],
  isPadding: (value: number) => boolean,
): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v >= low && v <= high) continue;
    if (isPadding(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : [0, 0];
}

/** A test of whether a value stands for the outside of the picture (PS3.3 §C.7.5.1.1.2). */
function isPadding(
  dataset: Dataset,
  signed: boolean,
): (value: number) => boolean {
  const [value] = dataset.shorts(TAG.padding, signed);
  if (value === undefined) return () => false;
  const [limit = value] = dataset.shorts(TAG.paddingLimit, signed);
  const [low, high] = [Math.min(value, limit), Math.max(value, limit)];
  return (v) => v >= low && v <= high;
}

/**
 * A modality or VOI LUT (PS3.3 §C.11.1.1.1), or undefined where there is none or its table is too short.
 *
 * @param signed whether its input can be negative. Then the first value that it maps is read as signed, whatever its
 * representation; otherwise only where that is signed (SS).
 */
function readLut(
  item: Dataset | undefined,
  signed: boolean,
): Lut | undefined {
  if (item === undefined) return undefined;
  const [entries, , bits = 16] = item.shorts(TAG.lutDescriptor);
  const [, first] = item.shorts(
    TAG.lutDescriptor,
    signed || item.vr(TAG.lutDescriptor) === "SS",
  );
  const table = tableOf(item, TAG.lutData, entries || 0x10000);
  if (entries === undefined || table === undefined) return undefined;
  const last = table.length - 1;
  return {
    look: (value) =>
      table[Math.min(Math.max(Math.round(value) - first, 0), last)],
    top: 2 ** Math.min(Math.max(bits, 8), 16) - 1,
  };
}

/** A table of 8- or 16-bit entries, or undefined where it is shorter than `entries`. */
export function tableOf(
  dataset: Dataset,
  tag: number,
  entries: number,
): Uint8Array | Uint16Array | undefined {
  const bytes = dataset.bytes(tag);
  if (bytes === undefined || bytes.length < entries) return undefined;
  if (bytes.length < 2 * entries) return bytes.slice(0, entries);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { littleEndian } = dataset.coding;
  return Uint16Array.from(
    { length: entries },
    (_, i) => view.getUint16(2 * i, littleEndian),
  );
}
