import type { Mask } from "../core/mask.ts";
import { pieceSizes } from "../numerics/pieces.ts";

/** What makes one doubt that an annotation marks the structure. */
export interface AnnotationDoubts {
  /** Share of the image, 0..1, where it is more than half. */
  coversMost: number | null;
  touchesAllBorders: boolean;
  /** Whether it covers most, reaches all borders, and leaves out what lies free of them: a structure. */
  isInverted: boolean;
  /** Number of its pieces, specks left out, where there are several. */
  pieces: number | null;
}

/** An annotation of more than this share covers most of the image. */
const MOST = 0.5;
/** A piece smaller than this share of the largest is a speck. */
const SPECK = 0.01;

/** Looks for signs that an annotation is not what was meant; `mask` is neither empty nor full. */
export function doubtsOf(mask: Mask): AnnotationDoubts {
  const { data, width, height } = mask;
  let inside = 0;
  for (const value of data) if (value !== 0) inside++;
  const share = inside / data.length;
  const sizes = pieceSizes(data, width, height);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const pieces = sizes.filter((size) => size >= SPECK * largest).length;
  const touchesAllBorders = bordersOf(mask).every((border) =>
    border.some((value) => value !== 0)
  );
  return {
    coversMost: share > MOST ? share : null,
    touchesAllBorders,
    isInverted: share > MOST &&
      bordersOf(mask).every((border) => border.every((value) => value !== 0)),
    pieces: pieces > 1 ? pieces : null,
  };
}

/** The pixels along the top, the bottom, the left and the right. */
function bordersOf({ data, width, height }: Mask): Uint8Array[] {
  const column = (x: number) =>
    Uint8Array.from({ length: height }, (_, y) => data[y * width + x]!);
  return [
    data.subarray(0, width),
    data.subarray(width * (height - 1)),
    column(0),
    column(width - 1),
  ];
}
