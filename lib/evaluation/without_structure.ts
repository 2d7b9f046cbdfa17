import type { Mask } from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";
import { describeMask } from "../format/mask/document.ts";

/** Share of the image's width or height that a piece must have to count as an image of its own. */
const LEAST = 1 / 3;
/** Pixels of the structure's box that are left out around it, as a share of the image's long side. */
const MARGIN = 0.02;

/**
 * The image as it were if the structure had been outside the field of view: the largest of the four pieces left, right,
 * above and below the structure.
 *
 * @returns null where no piece is a third of the image, or where there is no structure.
 */
export function withoutStructure(image: Raster, truth: Mask): Raster | null {
  const { box } = describeMask(truth);
  if (box === null) return null;
  const { width, height } = image;
  const margin = Math.ceil(MARGIN * Math.max(width, height));
  const [x0, y0, x1, y1] = box;
  const pieces = [
    { x: 0, y: 0, width: x0 - margin, height },
    { x: x1 + 1 + margin, y: 0, width: width - x1 - 1 - margin, height },
    { x: 0, y: 0, width, height: y0 - margin },
    { x: 0, y: y1 + 1 + margin, width, height: height - y1 - 1 - margin },
  ].filter((piece) =>
    piece.width >= LEAST * width && piece.height >= LEAST * height
  );
  const area = (piece: { width: number; height: number }) =>
    piece.width * piece.height;
  const [largest] = pieces.sort((a, b) => area(b) - area(a));
  return largest === undefined ? null : cut(image, largest);
}

function cut(
  { width: stride, channels, data }: Raster,
  { x, y, width, height }: {
    x: number;
    y: number;
    width: number;
    height: number;
  },
): Raster {
  const piece = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * stride + x) * channels;
    const line = data.subarray(from, from + width * channels);
    piece.set(line, row * width * channels);
  }
  return { width, height, channels, data: piece };
}
