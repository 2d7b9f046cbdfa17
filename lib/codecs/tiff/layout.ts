import type { Size } from "../../core/geometry.ts";
import { readErrors } from "../../core/read_errors.ts";
import { TAG, TiffDirectory } from "./ifd.ts";

/** How the first picture of a TIFF file is stored, checked and limited to what is read here. */
export interface TiffLayout extends Size {
  littleEndian: boolean;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  depth: number;
  signed: boolean;
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 palette. */
  photometric: number;
  /** Samples per pixel within one segment: all of them, or 1 where the planes are separate. */
  interleaved: number;
  /** Colour samples that are read: 1 or 3. */
  colours: 1 | 3;
  compression: number;
  predictor: number;
  /** Strips are tiles as wide as the picture. */
  tiled: boolean;
  tileWidth: number;
  tileHeight: number;
  across: number;
  down: number;
  offsets: number[];
  byteCounts: number[];
  /** Colour map: all reds, then greens, then blues, 16-bit. */
  palette: number[] | undefined;
}

const { malformed, truncated, unsupported } = readErrors("TIFF");

/** Width and height of the first picture; decodes nothing. */
export function readTiffSize(bytes: Uint8Array): Size {
  return sizeOf(new TiffDirectory(bytes));
}

function sizeOf(ifd: TiffDirectory): Size {
  const width = ifd.number(TAG.width, 0);
  const height = ifd.number(TAG.height, 0);
  if (width === 0 || height === 0) {
    throw malformed(`its header says ${width}×${height} pixels.`);
  }
  return { width, height };
}

/** Reads and checks the tags that describe how the pixels lie in the file. @throws {EdgeError} */
export function readTiffLayout(bytes: Uint8Array): TiffLayout {
  const ifd = new TiffDirectory(bytes);
  const { width, height } = sizeOf(ifd);

  const photometric = ifd.number(TAG.photometric, -1);
  if (photometric < 0 || photometric > 3) {
    throw unsupported(
      "grey, RGB or palette colours",
      `photometric interpretation ${photometric}`,
    );
  }
  const colours = photometric === 2 ? 3 : 1;
  const samples = ifd.number(TAG.samples, 1);
  if (samples < colours || samples > colours + 1) {
    throw unsupported(
      `${colours} or ${colours + 1} samples per pixel`,
      `${samples}`,
    );
  }
  const depths = ifd.numbers(TAG.bits) ?? [1];
  const depth = depths[0];
  if (depths.some((d) => d !== depth) || ![1, 2, 4, 8, 16].includes(depth)) {
    throw unsupported(
      "1, 2, 4, 8 or 16 bits per sample",
      `${depths.slice(0, 4)}`,
    );
  }
  const formats = ifd.numbers(TAG.sampleFormat) ?? [1];
  const signed = formats[0] === 2;
  if (
    formats.some((f) => f !== formats[0]) ||
    (formats[0] !== 1 && !signed && formats[0] !== 4) ||
    (signed && (depth !== 16 || photometric !== 1))
  ) {
    throw unsupported(
      "unsigned, or signed 16-bit grey samples",
      `sample format ${formats[0]}`,
    );
  }
  if (ifd.number(TAG.fillOrder, 1) !== 1 && depth < 8) {
    throw unsupported("bits filled from the high end", "fill order 2");
  }
  const palette = photometric === 3 ? ifd.numbers(TAG.palette) : undefined;
  if (photometric === 3 && (depth > 8 || palette?.length !== 3 << depth)) {
    throw malformed(
      `its colour map has ${
        palette?.length ?? 0
      } values for ${depth}-bit pixels.`,
    );
  }
  const compression = ifd.number(TAG.compression, 1);
  if (![1, 5, 8, 32773, 32946].includes(compression)) {
    throw unsupported(
      "compression none, LZW, Deflate or PackBits",
      `compression ${compression}`,
    );
  }
  const predictor = compression === 1 ? 1 : ifd.number(TAG.predictor, 1);
  if (predictor !== 1 && (predictor !== 2 || depth < 8)) {
    throw unsupported(
      "no predictor, or 2 with 8 or 16 bits",
      `${predictor} with ${depth} bits`,
    );
  }
  const separate = ifd.number(TAG.planar, 1) === 2 && samples > 1;
  return {
    ...segmentsOf(ifd, width, height, bytes.length, separate ? colours : 1),
    width,
    height,
    littleEndian: ifd.littleEndian,
    depth,
    signed,
    photometric,
    interleaved: separate ? 1 : samples,
    colours,
    compression,
    predictor,
    palette,
  };
}

/** How far a tile may reach beyond the picture, in pixels. */
const TILE_SLACK = 1024;

/** Strips (§3) or tiles (§15); there must be one for every part of every plane that is read. */
function segmentsOf(
  ifd: TiffDirectory,
  width: number,
  height: number,
  fileLength: number,
  planes: number,
) {
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
  if (tileWidth > width + TILE_SLACK || tileHeight > height + TILE_SLACK) {
    throw malformed(
      `its tiles of ${tileWidth}×${tileHeight} are far larger than its picture.`,
    );
  }
  const offsets = offsetsOfTiles ?? ifd.numbers(TAG.stripOffsets) ?? [];
  const wanted = across * down * planes;
  const byteCounts = ifd.numbers(tiled ? TAG.tileBytes : TAG.stripBytes) ??
    (wanted === 1 && offsets.length === 1 ? [fileLength - offsets[0]] : []);
  if (offsets.length < wanted || byteCounts.length < wanted) {
    throw malformed(
      `it has ${offsets.length} strips or tiles of ${byteCounts.length} known lengths; wanted ${wanted}.`,
    );
  }
  // Strips that share bytes would make a small file cost the time of a large one.
  const held = byteCounts.slice(0, wanted).reduce((sum, n) => sum + n, 0);
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
