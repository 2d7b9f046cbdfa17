import type { SampleArray } from "../codecs/sample_array.ts";
import type { Samples } from "../codecs/samples.ts";

/** The greatest of the colour samples of every pixel, H×W; of greys the samples themselves. */
export function intensities({ channels, data }: Samples): SampleArray {
  if (channels === 1) return data;
  const out = data.slice(0, data.length / 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    out[i] = Math.max(data[at], data[at + 1], data[at + 2]);
  }
  return out;
}

/** Whether all pixels are grey. */
export function isGrey({ channels, data }: Samples): boolean {
  if (channels === 1) return true;
  for (let at = 0; at < data.length; at += 3) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  }
  return true;
}

/** Whether all pixels are shades of one colour: fractions of the brightest, rounded to whole levels. */
export function isOneColour(
  { channels, data }: Samples,
  values: SampleArray,
): boolean {
  let brightest = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > values[brightest]) brightest = i;
  }
  for (let c = 0; c < channels; c++) {
    const full = data[brightest * channels + c] / values[brightest];
    for (let i = 0; i < values.length; i++) {
      const wanted = full * values[i];
      if (Math.abs(data[i * channels + c] - wanted) > 1) return false;
    }
  }
  return true;
}

/**
 * The label of every pixel, H×W, 0 for background: the grey level, or the index into the palette where its entry 0 is
 * black, as label maps are written; where no pixel has entry 0, other black entries are background. Undefined for colours.
 */
export function labelsOf(samples: Samples): SampleArray | undefined {
  const { channels, data, indices } = samples;
  if (indices !== undefined) {
    const labels = indices.slice();
    const hasBackground = indices.includes(0);
    let isMap = true;
    for (let i = 0; i < labels.length; i++) {
      let isBlack = true;
      for (let c = 0; c < channels; c++) {
        if (data[i * channels + c] !== 0) isBlack = false;
      }
      if (isBlack && !hasBackground) labels[i] = 0;
      else if (isBlack) continue;
      else if (labels[i] === 0) isMap = false;
    }
    if (isMap) return labels;
  }
  return isGrey(samples) ? intensities(samples) : undefined;
}

/** Distinct values besides 0, ascending; of more than 65,536, some of them. */
export function distinctValues(values: SampleArray): number[] {
  const seen = values.BYTES_PER_ELEMENT <= 2
    ? shortValues(values)
    : longValues(values);
  return seen.filter((value) => value !== 0).sort((a, b) => a - b);
}

/** Of integers of 16 bits at most, of which a value is told by its bits. */
function shortValues(values: SampleArray): number[] {
  const places = new Int32Array(0x10000).fill(-1);
  for (let i = 0; i < values.length; i++) places[values[i] & 0xffff] = i;
  return Array.from(places).filter((at) => at >= 0).map((at) => values[at]);
}

function longValues(values: SampleArray): number[] {
  const seen = new Set<number>();
  for (let i = 0; i < values.length && seen.size < 0x10000; i++) {
    if (i === 0 || values[i] !== values[i - 1]) seen.add(values[i]);
  }
  return [...seen];
}

/** Distinct colours besides black as `#rrggbb`, in order of appearance, `most` at most. */
export function distinctColours(
  { max, data }: Samples,
  most: number,
): string[] {
  const seen = new Set<string>();
  const hex = (value: number) =>
    Math.round(value * 255 / max).toString(16).padStart(2, "0");
  let last = -1;
  for (let at = 0; at < data.length && seen.size < most; at += 3) {
    const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
    const colour = (r * 0x10000 + g) * 0x10000 + b;
    if (colour === 0 || colour === last) continue;
    last = colour;
    seen.add(`#${hex(r)}${hex(g)}${hex(b)}`);
  }
  return [...seen];
}
