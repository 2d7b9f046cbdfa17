import { readErrors } from "../../core/read_errors.ts";
import type { Samples } from "../samples.ts";
import { uncompress } from "./compression.ts";
import { readTiffLayout, type TiffLayout } from "./layout.ts";

/**
 * Decodes the first picture of a classic TIFF file after TIFF 6.0: grey, palette or RGB of 1 to 16 bits (signed
 * 16-bit grey too), strips or tiles, interleaved or separate planes. Extra samples are dropped. Result: H×W×C
 * samples, C = 1 for greys, 3 for the rest, not yet rotated.
 */
export function decodeTiff(bytes: Uint8Array): Samples {
  const layout = readTiffLayout(bytes);
  const { width, height, depth, signed, colours, palette, photometric } =
    layout;
  checkRatio(layout);

  const Values = depth < 16 ? Uint8Array : signed ? Int16Array : Uint16Array;
  const out = new Values(width * height * colours);
  const perPlane = layout.across * layout.down;
  const planes = layout.interleaved < colours ? colours : 1;
  for (let plane = 0; plane < planes; plane++) {
    for (let tile = 0; tile < perPlane; tile++) {
      const x = (tile % layout.across) * layout.tileWidth;
      const y = Math.floor(tile / layout.across) * layout.tileHeight;
      place(bytes, layout, plane * perPlane + tile, x, y, plane, out);
    }
  }

  const max = (1 << depth) - 1;
  if (photometric === 0) {
    for (let i = 0; i < out.length; i++) out[i] = max - out[i];
  }
  const size = { width, height, lossy: false };
  return palette
    ? { ...size, channels: 3, max: 255, data: colour(out, palette) }
    : { ...size, channels: colours, max, data: out };
}

/** Copies one strip or tile, whose first pixel is (x, y), into the picture. */
function place(
  bytes: Uint8Array,
  layout: TiffLayout,
  index: number,
  x: number,
  y: number,
  plane: number,
  out: Samples["data"],
): void {
  const { width, height, depth, tileWidth, interleaved, colours } = layout;
  const stride = Math.ceil((tileWidth * interleaved * depth) / 8);
  const columns = Math.min(tileWidth, width - x);
  const rows = Math.min(layout.tileHeight, height - y);
  const offset = layout.offsets[index];
  const raw = uncompress(
    bytes.subarray(offset, offset + layout.byteCounts[index]),
    layout.compression,
    stride * (layout.tiled ? layout.tileHeight : rows),
    stride * layout.tileHeight,
  );
  const line = depth === 16
    ? new Uint16Array(tileWidth * interleaved)
    : new Uint8Array(stride);
  const taken = Math.min(interleaved, colours);
  for (let row = 0; row < rows; row++) {
    readLine(raw, row * stride, layout, line);
    let to = ((y + row) * width + x) * colours + plane;
    for (
      let column = 0, from = 0;
      column < columns;
      column++, from += interleaved, to += colours
    ) {
      for (let c = 0; c < taken; c++) {
        out[to + c] = depth < 8 ? bits(line, from + c, depth) : line[from + c];
      }
    }
  }
}

/** One line in the machine's byte order, with the horizontal differences of §14 summed up. */
function readLine(
  raw: Uint8Array,
  at: number,
  { littleEndian, predictor, interleaved }: TiffLayout,
  line: Uint8Array | Uint16Array,
): void {
  if (line instanceof Uint8Array) line.set(raw.subarray(at, at + line.length));
  else {
    const low = littleEndian ? 0 : 1;
    for (let i = 0; i < line.length; i++, at += 2) {
      line[i] = raw[at + low] | (raw[at + 1 - low] << 8);
    }
  }
  if (predictor === 2) { // typed arrays wrap around as the sums must
    for (let i = interleaved; i < line.length; i++) {
      line[i] += line[i - interleaved];
    }
  }
}

/** Sample `i` of a line packed at 1, 2 or 4 bits, high bits first. */
function bits(
  line: Uint8Array | Uint16Array,
  i: number,
  depth: number,
): number {
  const bit = i * depth;
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** Indices to RGB; the map's high bytes serve, whether a writer scaled by 256 or by 257. */
function colour(indices: Samples["data"], palette: number[]): Uint8Array {
  const count = palette.length / 3;
  const rgb = new Uint8Array(indices.length * 3);
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    rgb[to] = palette[indices[i]] >> 8;
    rgb[to + 1] = palette[indices[i] + count] >> 8;
    rgb[to + 2] = palette[indices[i] + 2 * count] >> 8;
  }
  return rgb;
}

/** Refuses impossible sizes before allocating: no compression read here expands by more than 2731. */
function checkRatio({ width, height, depth, byteCounts }: TiffLayout): void {
  const least = (width * height * depth) / 8;
  const held = byteCounts.reduce((sum, count) => sum + count, 0);
  if (least > (held + 1) * 2731) {
    throw readErrors("TIFF").truncated(
      `after ${held} bytes of data, too few for ${width}×${height} pixels`,
    );
  }
}
