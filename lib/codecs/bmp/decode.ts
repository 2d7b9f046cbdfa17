import { readErrors } from "../../core/read_errors.ts";
import type { DecodeOptions, Samples } from "../samples.ts";
import { type BmpHeader, readBmpHeader } from "./header.ts";
import { expandRuns } from "./rle.ts";

const { malformed, truncated } = readErrors("BMP");

/**
 * Decodes a Windows or OS/2 bitmap of 1 to 32 bits a pixel, plain or by run lengths, bottom-up or top-down. Result:
 * H×W×3 samples.
 */
export function decodeBmp(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Samples {
  const header = readBmpHeader(bytes);
  const { width, height, depth } = header;
  const picture = {
    width,
    height,
    channels: 3,
    max: 255,
    lossy: false,
  } as const;
  if (depth > 8) {
    const { data, alpha } = readColours(bytes, header, forMask);
    return { ...picture, data, ...(alpha !== undefined && { alpha }) };
  }
  const indices = readIndices(bytes, header);
  const data = new Uint8Array(3 * indices.length);
  const { palette, paletteStep } = header;
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    const from = paletteStep * indices[i];
    if (from + 3 > palette.length) {
      throw malformed(
        `a pixel uses colour ${indices[i]} of a palette of ${
          Math.floor(palette.length / paletteStep)
        }.`,
      );
    }
    data[to] = palette[from + 2];
    data[to + 1] = palette[from + 1];
    data[to + 2] = palette[from];
  }
  return { ...picture, data, ...(forMask && { indices }) };
}

/** The lines of a picture from the top: where each begins in the file. Lines are padded to 32 bits. */
function linesOf(
  bytes: Uint8Array,
  { width, height, depth, topDown, start }: BmpHeader,
): number[] {
  const stride = Math.ceil(width * depth / 32) * 4;
  const whole = start + stride * (height - 1) + Math.ceil(width * depth / 8);
  if (whole > bytes.length) {
    throw truncated(
      `after ${bytes.length} of the ${whole} bytes that its header announces`,
    );
  }
  return Array.from(
    { length: height },
    (_, y) => start + stride * (topDown ? y : height - 1 - y),
  );
}

function readIndices(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, depth, coding, start, topDown } = header;
  const indices = new Uint8Array(width * height);
  if (coding === "plain") {
    const mask = (1 << depth) - 1;
    linesOf(bytes, header).forEach((line, y) => {
      for (let x = 0, bit = 0; x < width; x++, bit += depth) {
        indices[y * width + x] =
          (bytes[line + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
      }
    });
    return indices;
  }
  const runs = expandRuns(
    bytes.subarray(start),
    { width, height },
    coding === "rle8" ? 8 : 4,
  );
  for (let y = 0; y < height; y++) {
    const from = (topDown ? y : height - 1 - y) * width;
    indices.set(runs.subarray(from, from + width), y * width);
  }
  return indices;
}

/** Pixels of 16 to 32 bits. A fourth byte that is 0 everywhere is filling, not opacity. */
function readColours(
  bytes: Uint8Array,
  header: BmpHeader,
  forMask: boolean,
): { data: Uint8Array; alpha?: Uint8Array | undefined } {
  const { width, height, depth, masks } = header;
  const step = depth / 8;
  const [red, green, blue, opacity] = masks.map(scaleOf);
  const data = new Uint8Array(3 * width * height);
  const alpha = forMask && opacity !== undefined
    ? new Uint8Array(width * height)
    : undefined;
  let to = 0;
  for (const line of linesOf(bytes, header)) {
    for (let x = 0, at = line; x < width; x++, at += step, to++) {
      const low = bytes[at] | (bytes[at + 1] << 8);
      const pixel = step === 2
        ? low
        : step === 3
        ? low | (bytes[at + 2] << 16)
        : (low | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
      data[3 * to] = red?.(pixel) ?? 0;
      data[3 * to + 1] = green?.(pixel) ?? 0;
      data[3 * to + 2] = blue?.(pixel) ?? 0;
      if (alpha !== undefined) alpha[to] = opacity!(pixel);
    }
  }
  return { data, alpha: alpha?.some((value) => value > 0) ? alpha : undefined };
}

/** Reads the bits of a mask from a pixel as a level of 0..255; undefined for a mask without bits. */
function scaleOf(mask: number): ((pixel: number) => number) | undefined {
  if (mask === 0) return undefined;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  if ((most & (most + 1)) !== 0) {
    throw malformed("the bits of a colour are not in one piece.");
  }
  if (most === 255) return (pixel) => (pixel >>> shift) & 255;
  return (pixel) => Math.round(((pixel & mask) >>> shift) * 255 / most);
}
