import type { Size } from "../core/geometry.ts";
import type { Raster } from "../core/raster.ts";
import type { Warning } from "../core/warnings.ts";
import { type GreyRange, greyRange, isShort } from "./grey_histogram.ts";
import { mendHotPixels } from "./hot_pixels.ts";
import type { SampleArray } from "./sample_array.ts";

/**
 * What the decoder of a format returns: raw sample values before any windowing, H×W×C row-major, origin top left of
 * the *stored* picture (not yet rotated). Extra samples are dropped, and palettes expanded to 8-bit RGB.
 */
export interface Samples extends Size {
  channels: 1 | 3;
  /**
   * The greatest value a sample can take: 1, 3, 15, 255, or 65535 for both kinds of 16-bit data; Infinity for longer
   * integers and floats.
   */
  max: number;
  /** Whether the coding adds noise around zero (JPEG, lossy WebP). */
  lossy: boolean;
  /**
   * The grey level of every value, where the file states how it is to be shown: 65,536 levels, indexed by a sample's
   * low 16 bits; one channel only.
   */
  display?: Uint8Array;
  /** The grey level, 0 to 255, of a value, where there are too many values for a table; one channel only. */
  level?: (value: number) => number;
  /** The values that are shown black and white, in place of a table; one channel only. */
  window?: readonly [black: number, white: number];
  /** The range in which the values are shown, where it was estimated from the values themselves; one channel only. */
  estimated?: GreyRange;
  data: SampleArray;
  /** Opacity of every pixel, 0..255; only for masks, of files that have an alpha channel. */
  alpha?: Uint8Array;
  /** Palette index of every pixel; only for masks, of files that have a palette. */
  indices?: Uint8Array;
  /** Doubts about the file. */
  warnings?: Warning[];
}

/** What is decoded of a file. */
export interface DecodeOptions {
  /** From 0; the first or only one where none is named. */
  frame?: number | undefined;
  /** Whether alpha and palette indices are wanted too. */
  forMask?: boolean;
}

/**
 * Converts samples to 8 bits, by the display table, the levels or the window where there are some. Otherwise, values `v`
 * of up to 8 bits become `v * 255 / max`, rounded, and 16-bit colours `v / 257`, rounded. Greys of more bits, and floats,
 * are windowed linearly between percentiles of the picture's own values ({@linkcode greyRange}), because medical files
 * keep 10 to 14 significant bits in 16 and would be black otherwise; a constant picture becomes 0. Where the range was
 * estimated, hot pixels are shown like their neighbours ({@linkcode mendHotPixels}).
 *
 * @returns the raster, and doubts about the file where there are any.
 */
export function toRaster(samples: Samples): DecodedImage {
  const { width, height, channels, max, display, level, window } = samples;
  const range = samples.estimated ?? ownRange(samples);
  const data = display !== undefined
    ? lookUp(samples.data, display)
    : level !== undefined
    ? levelsOf(samples.data, level)
    : window !== undefined
    ? applyWindow(samples.data, window)
    : max > 255
    ? applyWindow(samples.data, range ? [range.low, range.high] : [0, max])
    : widen(samples);
  const warnings = [...samples.warnings ?? []];
  if (range !== undefined && channels === 1) {
    const hot = mendHotPixels(data, samples.data, width, range);
    if (hot > 0) warnings.push(hotPixels(hot));
  }
  const raster = { width, height, channels, data };
  return warnings.length === 0 ? raster : { ...raster, warnings };
}

/** A decoded picture, and doubts about its file; absent where there are none. */
export interface DecodedImage extends Raster {
  warnings?: Warning[];
}

function hotPixels(count: number): Warning {
  const [pixels, them] = count === 1
    ? ["One pixel has a value", "it is shown like its neighbours"]
    : [`${count} pixels have values`, "they are shown like their neighbours"];
  return {
    code: "hot-pixels",
    detail:
      `${pixels} far outside of all others, as hot or dead ones of a detector; ${them}.`,
  };
}

/** The range in which greys of more than 8 bits, and floats, are shown without a window; undefined for others. */
function ownRange(
  { channels, max, data, display, level, window }: Samples,
): GreyRange | undefined {
  if (display !== undefined || level !== undefined || window !== undefined) {
    return undefined;
  }
  const isWindowed = max > 255 && (channels === 1 || max === Infinity);
  return isWindowed ? greyRange(data) : undefined;
}

function levelsOf(
  data: SampleArray,
  level: (value: number) => number,
): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = level(data[i]);
  return out;
}

/** The entry of a table for every sample, by its low 16 bits. */
function lookUp(data: SampleArray, table: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = table[data[i] & 0xffff];
  return out;
}

/** 1- to 8-bit samples to the full 8-bit range; 8-bit samples are passed on without a copy. */
function widen({ max, data }: Samples): Uint8Array {
  if (max === 255 && data instanceof Uint8Array) return data;
  const table = Uint8Array.from(
    { length: max + 1 },
    (_, v) => Math.round((v * 255) / max),
  );
  return lookUp(data, table);
}

/** Values as grey levels: linear from black to white, rounded, clipped; 0 where both are one value. */
function applyWindow(
  data: SampleArray,
  [black, white]: readonly [number, number],
): Uint8Array {
  if (!(white > black)) return new Uint8Array(data.length);
  const scale = 255 / (white - black);
  const levelOf = (value: number) => {
    const level = (value - black) * scale;
    return level <= 0 ? 0 : level >= 255 ? 255 : Math.floor(level + 0.5);
  };
  if (!isShort(data) || data.length < TABLE) return levelsOf(data, levelOf);
  const unused = data instanceof Int16Array ? 16 : 0;
  const table = new Uint8Array(TABLE);
  for (let word = 0; word < TABLE; word++) {
    table[word] = levelOf(word << unused >> unused);
  }
  return lookUp(data, table);
}

/** Entries of a table for 16 bits; for fewer values it is not worth while. */
const TABLE = 0x10000;
