import { concat } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { DecodeOptions, Samples } from "../samples.ts";
import { type GifPicture, readGifBlocks } from "./blocks.ts";
import { expandLzw } from "./lzw.ts";

const { malformed } = readErrors("GIF");

/** The four passes of an interlaced picture: first line and step, GIF89a appendix E. */
const PASSES = [[0, 8], [4, 8], [2, 4], [1, 2]] as const;

/**
 * Decodes a GIF of one picture, GIF87a or GIF89a. Transparent pixels have the colour of their index; what the picture
 * leaves of the screen has that of the transparent index, or of the background. Result: H×W×3 samples.
 */
export function decodeGif(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Samples {
  const { width, height, background, picture, isCut } = readGifBlocks(bytes);
  const { palette, transparent } = picture;
  const indices = new Uint8Array(width * height)
    .fill(transparent ?? background);
  const isPartial = picture.width < width || picture.height < height;
  const covered = isPartial ? new Uint8Array(width * height) : undefined;
  const lines = readLines(picture);
  for (let y = 0; y < picture.height; y++) {
    const from = y * picture.width;
    const to = (picture.top + y) * width + picture.left;
    indices.set(lines.subarray(from, from + picture.width), to);
    covered?.fill(1, to, to + picture.width);
  }
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    const from = 3 * indices[i];
    if (from >= palette.length) {
      if (covered?.[i] === 0) continue; // A background that does not exist is black.
      throw malformed(
        `a pixel uses colour ${from / 3} of a palette of ${
          palette.length / 3
        }.`,
      );
    }
    data[to] = palette[from];
    data[to + 1] = palette[from + 1];
    data[to + 2] = palette[from + 2];
  }
  const hasAlpha = transparent !== undefined || isPartial;
  return {
    ...{ width, height, channels: 3, max: 255, lossy: false, data },
    ...(forMask && { indices }),
    ...(forMask && hasAlpha && {
      alpha: indices.map((index, i) =>
        index === transparent || covered?.[i] === 0 ? 0 : 255
      ),
    }),
    ...(isCut && {
      warnings: [{
        code: "end-mended",
        detail:
          "The GIF has no trailer. All its picture data are there, and it was read as if it had one.",
      }],
    }),
  };
}

/** The indices of a picture, line by line from the top. */
function readLines(picture: GifPicture): Uint8Array {
  const { width, height, codeSize, data, interlaced } = picture;
  const stored = expandLzw(concat(data), codeSize, width * height);
  if (!interlaced) return stored;
  const lines = new Uint8Array(stored.length);
  let from = 0;
  for (const [first, step] of PASSES) {
    for (let y = first; y < height; y += step, from += width) {
      lines.set(stored.subarray(from, from + width), y * width);
    }
  }
  return lines;
}
