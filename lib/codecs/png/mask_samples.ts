import { readErrors } from "../../core/read_errors.ts";
import type { Samples } from "../samples.ts";
import type { PngChunks } from "./chunks.ts";
import { bits, type Put, STORED } from "./scanline.ts";

const { malformed } = readErrors("PNG");

/**
 * What a mask needs besides the colours: the opacity of every pixel, where the file has an alpha channel or names a
 * transparent colour (PNG, third edition, §11.3.1.1), and the palette's indices.
 */
export function maskSamples(
  { header, transparency, palette }: PngChunks,
): { samples: Pick<Samples, "alpha" | "indices">; put: Put } {
  const { width, height, depth, colourType } = header;
  const stored = STORED[colourType];
  const sample = (raw: Uint8Array, at: number, i: number) =>
    depth === 16
      ? (raw[at + 2 * i] << 8) | raw[at + 2 * i + 1]
      : bits(raw, at, i, depth);
  const samples: Pick<Samples, "alpha" | "indices"> = {};
  const puts: Put[] = [];
  /** Fills an array of a value for each pixel. */
  const fill = (
    valueAt: (raw: Uint8Array, at: number, x: number) => number,
  ) => {
    const out = new Uint8Array(width * height);
    puts.push((raw, at, columns, to, step) => {
      for (let x = 0; x < columns; x++, to += step) {
        out[to] = valueAt(raw, at, x);
      }
    });
    return out;
  };
  if (colourType === 3) {
    samples.indices = fill(sample);
    if (transparency !== undefined) {
      const opacity = new Uint8Array(256).fill(255);
      opacity.set(transparency.subarray(0, palette!.length / 3));
      samples.alpha = fill((raw, at, x) => opacity[sample(raw, at, x)]);
    }
  } else if (colourType >= 4) {
    const max = (1 << depth) - 1;
    samples.alpha = fill((raw, at, x) =>
      Math.round(sample(raw, at, (x + 1) * stored - 1) * 255 / max)
    );
  } else if (transparency !== undefined) {
    if (transparency.length < 2 * stored) {
      throw malformed("its tRNS chunk is too short.");
    }
    const clear = Array.from(
      { length: stored },
      (_, c) => (transparency[2 * c] << 8) | transparency[2 * c + 1],
    );
    samples.alpha = fill((raw, at, x) =>
      clear.every((value, c) => sample(raw, at, x * stored + c) === value)
        ? 0
        : 255
    );
  }
  return {
    samples,
    put: (...line) => {
      for (const put of puts) put(...line);
    },
  };
}
