import { EdgeError } from "./errors.ts";
import type { Size } from "./geometry.ts";

/** Longest side of a picture, in pixels. */
const MAX_SIDE = 65_535;

/**
 * A decoded picture: `data[(y * width + x) * channels + c]`, H×W×C row-major
 * uint8, sRGB (C = 3) or grey (C = 1), origin top left, in the image frame
 * (pixels of the file after EXIF rotation).
 */
export interface Raster {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

/**
 * What a caller allows; `maxPixels` bounds width × height and is applied before
 * any decoding.
 */
export interface ImageLimits {
  maxPixels: number;
}

/**
 * Throws `too-large` if the picture has more pixels than the limit, `malformed`
 * if it has none.
 */
export function checkSize(
  { width, height }: Size,
  { maxPixels }: ImageLimits,
): void {
  if (width < 1 || height < 1) {
    throw new EdgeError(
      "malformed",
      `Cannot read the image: its header says ${width}×${height} pixels; both sides must be at least 1.`,
    );
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new EdgeError(
      "too-large",
      `Cannot read the image: its header says ${width}×${height} pixels; ` +
        `a side may have at most ${MAX_SIDE}.`,
    );
  }
  if (width * height > maxPixels) {
    throw new EdgeError(
      "too-large",
      `Cannot read the image: its header says ${width}×${height} = ${
        width * height
      } pixels; ` +
        `at most ${maxPixels} are accepted.`,
    );
  }
}

/**
 * The same picture with three channels: H×W×3; a colour picture is returned as
 * it is.
 */
export function toRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  const { width, height, data } = raster;
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0, o = 0; i < data.length; i++, o += 3) {
    rgb[o] = rgb[o + 1] = rgb[o + 2] = data[i];
  }
  return { width, height, channels: 3, data: rgb };
}
