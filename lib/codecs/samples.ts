import type { Size } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";

/**
 * What the decoder of a format returns: raw sample values before any windowing, H×W×C row-major, origin top left of
 * the *stored* picture (not yet rotated). Alpha and other extra samples are dropped, and palettes expanded to 8-bit
 * RGB.
 */
export interface Samples extends Size {
  channels: 1 | 3;
  /** The greatest value a sample can take: 1, 3, 15, 255, or 65535 for both kinds of 16-bit data. */
  max: number;
  /** Whether the coding adds noise around zero (JPEG, lossy WebP). */
  lossy: boolean;
  /**
   * The grey level of every value, where the file states how it is to be shown: 65,536 levels, indexed by a sample's
   * low 16 bits; one channel only.
   */
  display?: Uint8Array;
  data: Uint8Array | Uint16Array | Int16Array;
}

/**
 * Converts samples to 8 bits, by the display table where there is one. Otherwise, values `v` of up to 8 bits become
 * `v * 255 / max`, rounded, and 16-bit colours `v / 257`, rounded. 16-bit greys are windowed linearly from the
 * picture's own minimum..maximum to 0..255, rounded, because medical files keep 10 to 14 significant bits in 16 and
 * would be black otherwise; a constant picture becomes 0.
 */
export function toRaster(samples: Samples): Raster {
  const { width, height, channels, max, display } = samples;
  const data = display !== undefined
    ? lookUp(samples.data, display)
    : max > 255
    ? narrow(samples)
    : widen(samples);
  return { width, height, channels, data };
}

/** The entry of a table for every sample, by its low 16 bits. */
function lookUp(data: Samples["data"], table: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = table[data[i] & 0xffff];
  return out;
}

/**
 * Converts samples to a mask: 255 where any channel is not 0 (before any windowing, so that label maps of 16 bits
 * keep all their labels; a palette's black counts as background). JPEG and lossy WebP leave noise around zero, so
 * there a sample counts from 128 on.
 */
export function toMask(
  { width, height, channels, lossy, data }: Samples,
): Mask {
  const mask = new Uint8Array(width * height);
  for (let i = 0, o = 0; o < mask.length; i += channels, o++) {
    for (let c = 0; c < channels; c++) {
      const v = data[i + c];
      if (lossy ? v >= 128 : v !== 0) {
        mask[o] = 255;
        break;
      }
    }
  }
  return { width, height, data: mask };
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

/** 16-bit samples to 8 bits: greys windowed by their own range, colours by the full range. */
function narrow({ channels, max, data }: Samples): Uint8Array {
  let low = 0;
  let high = max;
  if (channels === 1) {
    low = Infinity;
    high = -Infinity;
    for (let i = 0; i < data.length; i++) {
      const v = data[i];
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  const out = new Uint8Array(data.length);
  if (high === low) return out;
  const scale = 255 / (high - low);
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.floor((data[i] - low) * scale + 0.5);
  }
  return out;
}
