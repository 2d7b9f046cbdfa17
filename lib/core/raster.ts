import { EdgeError } from "./errors.ts";
import type { Size } from "./geometry.ts";

/** Longest side of a picture, in pixels. */
const MAX_SIDE = 65_535;

/**
 * A decoded picture: `data[(y * width + x) * channels + c]`, H×W×C row-major uint8, sRGB (C = 3) or grey (C = 1),
 * origin top left, in image space (pixels of the file after EXIF rotation).
 */
export interface Raster extends Size {
  channels: 1 | 3;
  data: Uint8Array;
}

/** What a caller allows; `maxPixels` limits width × height, before any decoding. */
export interface ImageLimits {
  maxPixels: number;
}

/**
 * Checks the size that a file's header states.
 *
 * @throws {EdgeError} `too-large` if the picture has more pixels than the limit, `malformed` if it has none.
 */
export function checkSize(
  { width, height }: Size,
  { maxPixels }: ImageLimits,
): void {
  const refuse = (code: "malformed" | "too-large", rule: string) =>
    new EdgeError(
      code,
      `Cannot read the image: its header says ${width}×${height} pixels; ${rule}.`,
    );
  if (width < 1 || height < 1) {
    throw refuse("malformed", "both sides must be at least 1");
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw refuse("too-large", `a side may have at most ${MAX_SIDE}`);
  }
  const pixels = width * height;
  if (pixels > maxPixels) {
    throw refuse(
      "too-large",
      `that is ${pixels}, and at most ${maxPixels} are accepted`,
    );
  }
}

/** The picture in three channels, H×W×3; a colour picture is returned as it is. */
export function toRgb(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  const data = new Uint8Array(raster.data.length * 3);
  raster.data.forEach((grey, i) => {
    data[3 * i] = data[3 * i + 1] = data[3 * i + 2] = grey;
  });
  return { ...raster, channels: 3, data };
}
