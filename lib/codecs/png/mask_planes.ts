import type { Samples } from "../samples.ts";
import type { PngChunks } from "./chunks.ts";
import { bits, STORED } from "./lines.ts";

/** Opacity and palette indices of a picture's pixels, filled line by line. */
export interface MaskPlanes extends Pick<Samples, "alpha" | "indices"> {
  /** Takes one unfiltered line, whose pixels lie `step` apart from pixel `to` on. */
  take(
    raw: Uint8Array,
    at: number,
    columns: number,
    to: number,
    step: number,
  ): void;
}

/**
 * What masks need of a PNG besides its colours: indices of palette pictures, and opacity by the alpha channel or by
 * tRNS (§11.3.1.1). Undefined where it has neither.
 */
export function maskPlanes(
  { header, transparency }: PngChunks,
): MaskPlanes | undefined {
  const { width, height, depth, colourType } = header;
  const plane = () => new Uint8Array(width * height);
  const stored = STORED[colourType];
  if (colourType === 3) {
    const indices = plane();
    const alpha = transparency && plane();
    return {
      indices,
      ...(alpha && { alpha }),
      take(raw, at, columns, to, step) {
        for (let x = 0; x < columns; x++, to += step) {
          const index = bits(raw, at, x, depth);
          indices[to] = index;
          if (alpha) alpha[to] = transparency[index] ?? 255;
        }
      },
    };
  }
  const bytes = depth >> 3;
  if (colourType >= 4) {
    const alpha = plane();
    const last = (stored - 1) * bytes;
    return {
      alpha,
      take(raw, at, columns, to, step) {
        for (let x = 0; x < columns; x++, to += step) {
          alpha[to] = raw[at + x * stored * bytes + last];
        }
      },
    };
  }
  if (transparency?.length !== 2 * stored) return undefined;
  const alpha = plane();
  const key = Array.from(
    { length: stored },
    (_, c) => (transparency[2 * c] << 8) | transparency[2 * c + 1],
  );
  const sampleAt = (raw: Uint8Array, at: number, i: number) =>
    depth < 8
      ? bits(raw, at, i, depth)
      : depth === 8
      ? raw[at + i]
      : (raw[at + 2 * i] << 8) | raw[at + 2 * i + 1];
  return {
    alpha,
    take(raw, at, columns, to, step) {
      for (let x = 0; x < columns; x++, to += step) {
        const isKey = key.every((value, c) =>
          sampleAt(raw, at, x * stored + c) === value
        );
        alpha[to] = isKey ? 0 : 255;
      }
    },
  };
}
