import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { TAG, type TiffDirectory } from "./ifd.ts";
import type { TiffPage } from "./pages.ts";

const { malformed, truncated } = readErrors("TIFF");

/** Where the strips (TIFF 6.0 §3) or tiles (§15) of a picture lie, row by row, plane after plane. */
export interface Segments {
  /** Strips are tiles as wide as the picture. */
  tiled: boolean;
  tileWidth: number;
  tileHeight: number;
  across: number;
  down: number;
  offsets: number[];
  byteCounts: number[];
}

/** How far a tile may reach beyond the picture, in pixels. */
const TILE_SLACK = 1024;

/** Finds the segments; there must be one for every part of every plane that is read. @throws {EdgeError} */
export function segmentsOf(
  ifd: TiffDirectory,
  { width, height }: Size,
  { planes, stride, isPlain, plane }: {
    /** Separate planes that are read. */
    planes: number;
    /** Bytes of so many pixels side by side, where the samples stand as they are. */
    stride: (width: number) => number;
    /** Whether the bytes of a segment follow from its size. */
    isPlain: boolean;
    plane: TiffPage["plane"];
  },
): Segments {
  if (plane !== undefined) {
    const { index, bytes } = plane;
    const offset = ifd.number(TAG.stripOffsets, 0) + index * bytes;
    return {
      ...{ tiled: false, tileWidth: width, tileHeight: height },
      ...{ across: 1, down: 1, offsets: [offset], byteCounts: [bytes] },
    };
  }
  const offsetsOfTiles = ifd.numbers(TAG.tileOffsets);
  const tiled = offsetsOfTiles !== undefined;
  const tileWidth = tiled ? ifd.number(TAG.tileWidth, 0) : width;
  const tileHeight = tiled
    ? ifd.number(TAG.tileHeight, 0)
    : Math.min(ifd.number(TAG.rowsPerStrip, height), height);
  if (tileWidth === 0 || tileHeight === 0) {
    throw malformed("its strips or tiles are empty.");
  }
  const across = Math.ceil(width / tileWidth);
  const down = Math.ceil(height / tileHeight);
  const padded = across * tileWidth * down * tileHeight;
  if (
    tileWidth > width + TILE_SLACK || tileHeight > height + TILE_SLACK ||
    padded > 4 * (width * height + TILE_SLACK ** 2)
  ) {
    throw malformed(
      `its tiles of ${tileWidth}×${tileHeight} are far larger than its picture.`,
    );
  }
  const fileLength = ifd.bytes.length;
  const wanted = across * down * planes;
  const offsets = (offsetsOfTiles ?? ifd.numbers(TAG.stripOffsets) ?? [])
    .slice(0, wanted);
  const stated = ifd.numbers(tiled ? TAG.tileBytes : TAG.stripBytes);
  // Some writers leave the lengths out, or 0.
  const lengthOf = (index: number) => {
    const length = stated?.[index] ?? 0;
    if (length > 0) return length;
    if (wanted === 1) return fileLength - offsets[0];
    const row = Math.floor((index % (across * down)) / across) * tileHeight;
    const rows = tiled ? tileHeight : Math.min(tileHeight, height - row);
    return isPlain ? stride(tileWidth) * rows : 0;
  };
  const byteCounts = offsets.map((_, i) => lengthOf(i));
  const known = byteCounts.filter((length) => length > 0).length;
  if (known < wanted) {
    throw malformed(
      `it has ${offsets.length} strips or tiles of ${known} known lengths; wanted ${wanted}.`,
    );
  }
  // Strips that share bytes would make a small file cost the time of a large one.
  const held = byteCounts.reduce((sum, n) => sum + n, 0);
  if (held > fileLength) {
    throw malformed("its strips or tiles hold more bytes than the file.");
  }
  for (let i = 0; i < wanted; i++) {
    if (offsets[i] + byteCounts[i] > fileLength) {
      throw truncated(`inside strip or tile ${i + 1} of ${wanted}`);
    }
  }
  return { tiled, tileWidth, tileHeight, across, down, offsets, byteCounts };
}
