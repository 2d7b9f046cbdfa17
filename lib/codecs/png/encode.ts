import { constants, crc32, deflateSync } from "node:zlib";
import { type Bytes, concat } from "../../core/bytes.ts";
import type { Mask } from "../../core/mask.ts";
import type { Raster } from "../../core/raster.ts";

const RUNS = { level: 1, strategy: constants.Z_RLE };

/**
 * Encodes a raster (H×W×3 RGB or H×W grey) or a mask (H×W, 0 or 255) as an 8-bit PNG without metadata; the same
 * pixels give the same bytes. Lines of pictures are filtered by Paeth's predictor, which suits photographs and scans
 * alike; masks are left unfiltered and compressed by their runs alone, which is smaller and several times faster.
 */
export function encodePng(picture: Raster | Mask): Bytes {
  const { width, height, data } = picture;
  const channels = "channels" in picture ? picture.channels : 1;
  const stride = width * channels;
  const filter = "channels" in picture ? 4 : 0;
  const raw = new Uint8Array(height * (1 + stride));
  for (let y = 0; y < height; y++) {
    const from = y * stride;
    const to = y * (1 + stride);
    raw[to] = filter;
    if (filter === 0) raw.set(data.subarray(from, from + stride), to + 1);
    else paeth(data, from, stride, channels, raw, to + 1);
  }

  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 3 ? 2 : 0;
  return concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(raw, filter === 0 ? RUNS : { level: 6 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** One line's differences from Paeth's prediction, PNG (third edition) §9.4. */
function paeth(
  data: Uint8Array,
  from: number,
  stride: number,
  step: number,
  raw: Uint8Array,
  to: number,
): void {
  const first = from === 0;
  for (let i = 0; i < stride; i++) {
    const at = from + i;
    const a = i < step ? 0 : data[at - step];
    const b = first ? 0 : data[at - stride];
    const c = i < step || first ? 0 : data[at - stride - step];
    const pa = Math.abs(b - c);
    const pb = Math.abs(a - c);
    const pc = Math.abs(a + b - c - c);
    raw[to + i] = data[at] - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
  }
}

/** Length, name, body and CRC-32 of name and body, §5.3. */
function chunk(name: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) out[4 + i] = name.charCodeAt(i);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}
