import { readErrors } from "../../core/read_errors.ts";
import type { SampleArray } from "../sample_array.ts";
import type { DecodeOptions, Samples } from "../samples.ts";
import {
  expandPalette,
  expandUnits,
  fromInks,
  fromYcbcr,
  invert,
  unitBytes,
} from "./colour.ts";
import { COMPRESSION, mostBytes, uncompress } from "./compression.ts";
import { decodeFax, type FaxCoding } from "./fax.ts";
import { segmentDecoder } from "./jpeg.ts";
import { PHOTOMETRIC, readTiffLayout, type TiffLayout } from "./layout.ts";
import { lineReader } from "./lines.ts";
import { pageOfTiff } from "./pages.ts";

/**
 * Decodes one page of a TIFF or BigTIFF file after TIFF 6.0 and its technical notes, the first where none is named:
 * grey, palette, RGB, YCbCr or CMYK; integers of 1 to 16, 32 and 64 bits, and floats; strips or tiles, interleaved or
 * in separate planes. Extra samples are dropped. Result: H×W×C samples, C = 1 for greys, 3 for the rest, not yet
 * rotated. Signed 8-bit greys are shown over their full range. For masks, NaN is 0.
 *
 * @throws {EdgeError}
 */
export async function decodeTiff(
  bytes: Uint8Array,
  { frame, forMask = false }: DecodeOptions = {},
): Promise<Samples> {
  const page = pageOfTiff(bytes, frame);
  const layout = readTiffLayout(page);
  const { width, height, depth, format, photometric, palette, alpha } = layout;
  checkRatio(layout);

  const segments = segmentReader(bytes, layout);
  const data = await readSamples(segments, layout, 0, layout.colours);
  if (forMask && format === "float") data.forEach((v, i) => data[i] = v || 0);
  const isLong = depth > 16 || format === "float";
  const samples: Samples = {
    ...{ width, height, channels: layout.colours === 1 ? 1 : 3, data },
    max: isLong ? Infinity : 2 ** depth - 1,
    lossy: layout.compression === COMPRESSION.jpeg,
  };
  if (page.warnings.length > 0) samples.warnings = page.warnings;
  if (format === "signed" && depth === 8) samples.window = [-128, 127];
  if (forMask && alpha !== undefined) {
    samples.alpha = toBytes(
      await readSamples(segments, layout, alpha, 1),
      layout,
    );
  }
  if (photometric === PHOTOMETRIC.whiteIsZero) invert(data, layout);
  else if (photometric === PHOTOMETRIC.cmyk) {
    samples.data = fromInks(data, samples.max);
  } else if (photometric === PHOTOMETRIC.ycbcr && !samples.lossy) {
    fromYcbcr(data, layout);
  } else if (palette !== undefined) {
    if (forMask) samples.indices = data as Uint8Array;
    const rgb = expandPalette(data, palette);
    return { ...samples, channels: 3, max: 255, data: rgb };
  }
  return samples;
}

/** Gives the uncompressed bytes of a segment, at least as many lines as it has rows. */
type SegmentReader = (
  index: number,
  rows: number,
) => Uint8Array | Promise<Uint8Array>;

function segmentReader(bytes: Uint8Array, layout: TiffLayout): SegmentReader {
  const { compression, tileWidth, tileHeight, interleaved, depth } = layout;
  const { offsets, byteCounts, chroma } = layout;
  const segmentAt = (index: number) => {
    const offset = offsets[index];
    const segment = bytes.subarray(offset, offset + byteCounts[index]);
    return layout.reversed ? reverseBits(segment) : segment;
  };
  if (compression === COMPRESSION.jpeg) {
    const decode = segmentDecoder(layout);
    return (index, rows) => decode(segmentAt(index), rows);
  }
  const coding = faxCoding(layout);
  if (coding !== undefined) {
    return (index, rows) =>
      decodeFax(segmentAt(index), tileWidth, rows, coding);
  }
  const stride = Math.ceil((tileWidth * interleaved * depth) / 8);
  const hasUnits = chroma.across * chroma.down > 1;
  const sizeOf = (rows: number) =>
    hasUnits ? unitBytes(layout, rows) : stride * rows;
  return (index, rows) => {
    const raw = uncompress(
      segmentAt(index),
      compression,
      sizeOf(rows),
      sizeOf(tileHeight),
    );
    return hasUnits ? expandUnits(raw, layout, rows) : raw;
  };
}

function faxCoding(
  { compression, faxOptions }: TiffLayout,
): FaxCoding | undefined {
  const { huffman, fax3, fax4 } = COMPRESSION;
  if (compression === huffman) return "huffman";
  if (compression === fax4) return "t6";
  if (compression !== fax3) return undefined;
  return (faxOptions & 1) === 1 ? "t4-2d" : "t4";
}

/** The samples of every pixel from one on, so many, side by side: H×W×count. */
async function readSamples(
  segments: SegmentReader,
  layout: TiffLayout,
  first: number,
  count: number,
): Promise<SampleArray> {
  const { width, height, tileWidth, tileHeight, across, down } = layout;
  const { interleaved, tiled, depth } = layout;
  const out = new (arrayOf(layout))(width * height * count);
  const readLine = lineReader(layout);
  const stride = Math.ceil((tileWidth * interleaved * depth) / 8);
  const isSeparate = interleaved === 1;
  const planes = isSeparate ? count : 1;
  const taken = isSeparate ? 1 : count;
  const skipped = isSeparate ? 0 : first;
  for (let plane = 0; plane < planes; plane++) {
    for (let tile = 0; tile < across * down; tile++) {
      const left = (tile % across) * tileWidth;
      const top = Math.floor(tile / across) * tileHeight;
      const rows = Math.min(tileHeight, height - top);
      const columns = Math.min(tileWidth, width - left);
      const index = (isSeparate ? first + plane : 0) * across * down + tile;
      const raw = await segments(index, tiled ? tileHeight : rows);
      for (let row = 0; row < rows; row++) {
        const line = readLine(raw, row * stride);
        const to = ((top + row) * width + left) * count + plane;
        if (interleaved === count) {
          out.set(line.subarray(0, columns * count), to);
          continue;
        }
        for (let x = 0; x < columns; x++) {
          for (let c = 0; c < taken; c++) {
            out[to + x * count + c] = line[x * interleaved + skipped + c];
          }
        }
      }
    }
  }
  return out;
}

/** The arrays that hold a picture's samples. */
function arrayOf({ depth, format }: TiffLayout) {
  if (depth === 64) return Float64Array;
  if (format === "float") return Float32Array;
  if (depth === 32) return format === "signed" ? Int32Array : Uint32Array;
  if (format === "signed") return Int16Array;
  return depth > 8 ? Uint16Array : Uint8Array;
}

/** Opacities over their full range to 0..255; those of floats run to 1. */
function toBytes(values: SampleArray, { depth, format }: TiffLayout) {
  const most = format === "float" ? 1 : 2 ** depth - 1;
  return Uint8Array.from(
    values,
    (v) => Math.round(Math.min(Math.max(v / most, 0), 1) * 255),
  );
}

/** FillOrder 2: the lowest bit of a byte comes first. */
function reverseBits(segment: Uint8Array): Uint8Array {
  return segment.map((v) => {
    v = (v >> 4) | (v << 4);
    v = ((v & 0xcc) >> 2) | ((v & 0x33) << 2);
    return ((v & 0xaa) >> 1) | ((v & 0x55) << 1);
  });
}

/** A strip or tile is held as a whole: as much of it as this, or as a picture of three long samples. */
const MOST_SEGMENT = 64 * 2 ** 20;
const MOST_PER_PIXEL = 12;

/** Refuses impossible sizes before allocating. */
function checkRatio(layout: TiffLayout): void {
  const { width, height, depth, byteCounts, compression } = layout;
  const { interleaved, tileWidth, tileHeight } = layout;
  const bytes = (pixels: number) => (pixels * interleaved * depth) / 8;
  const { truncated, tooLarge } = readErrors("TIFF");
  const segment = bytes(tileWidth * tileHeight);
  if (segment > Math.max(MOST_SEGMENT, width * height * MOST_PER_PIXEL)) {
    throw tooLarge(`a strip or tile of it has ${segment} bytes.`);
  }
  const { chroma: { across, down } } = layout;
  const least = bytes(width * height) / (across * down);
  const held = byteCounts.reduce((sum, count) => sum + count, 0);
  // Every line of a fax takes a bit at least, and every 64 pixels of a JPEG.
  const most = faxCoding(layout) !== undefined
    ? held * width
    : compression === COMPRESSION.jpeg
    ? held * 512 * interleaved
    : mostBytes(held, compression);
  if (least > most + 1) {
    throw truncated(
      `after ${held} bytes of data, too few for ${width}×${height} pixels`,
    );
  }
}
