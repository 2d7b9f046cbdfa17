import { context2d } from "./dom.js";

/** @import { Size } from "./api.js" */

/** Samples of a pixel, by a PNG's colour type. @type {Record<number, number>} */
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A picture of a mask as large as the file of an image that the browser has scaled down, scaled like it, each pixel with
 * its nearest value; any other file as it is.
 * @param {File} file @param {{size: Size, fullSize: Size | null}} image @returns {Promise<File>} */
export async function scaledMask(file, { size, fullSize }) {
  if (fullSize === null) return file;
  const isFull = (/** @type {Size} */ { width, height }) =>
    width === fullSize.width && height === fullSize.height;
  const head = new DataView(await file.slice(0, 29).arrayBuffer());
  const isPng = head.byteLength === 29 &&
    SIGNATURE.every((byte, i) => head.getUint8(i) === byte);
  if (isPng && head.getUint8(28) === 0) {
    const own = { width: head.getUint32(16), height: head.getUint32(20) };
    return isFull(own) ? await scaledPng(file, own, size) : file;
  }
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null || !isFull(bitmap)) return file;
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = context2d(canvas);
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, 0, 0, size.width, size.height);
  bitmap.close();
  return new File([await canvas.convertToBlob()], file.name);
}

/** The same of a PNG, sample by sample: a canvas knows neither palettes nor 16 bits.
 * @param {File} file @param {Size} from @param {Size} to */
async function scaledPng(file, from, to) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const [depth, colour] = [bytes[24] ?? 0, bytes[25] ?? 0];
  const bits = depth * (CHANNELS[colour] ?? 1);
  /** @type {Uint8Array<ArrayBuffer>[]} */ const packed = [];
  /** @type {BlobPart[]} */ const colours = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IDAT") packed.push(bytes.subarray(at + 8, end - 4));
    if (type === "PLTE" || type === "tRNS") colours.push(bytes.slice(at, end));
    at = end;
  }
  const rows = unfiltered(
    await piped(packed, new DecompressionStream("deflate")),
    Math.ceil(from.width * bits / 8),
    Math.max(1, bits >> 3),
  );
  const stride = Math.ceil(to.width * bits / 8) + 1;
  const out = new Uint8Array(stride * to.height);
  for (let y = 0; y < to.height; y++) {
    const row = rows[Math.floor((y + 0.5) * from.height / to.height)];
    if (row === undefined) return file;
    for (let x = 0; x < to.width; x++) {
      const at = Math.floor((x + 0.5) * from.width / to.width) * bits;
      const into = y * stride + 1 + (x * bits >> 3);
      if (bits > 7) {
        for (let k = 0; k < bits >> 3; k++) {
          out[into + k] = row[(at >> 3) + k] ?? 0;
        }
      } else {
        const value = (row[at >> 3] ?? 0) >> 8 - bits - (at & 7) &
          (1 << bits) - 1;
        out[into] = (out[into] ?? 0) | value << 8 - bits - (x * bits & 7);
      }
    }
  }
  const header = bytes.slice(16, 29);
  new DataView(header.buffer).setUint32(0, to.width);
  new DataView(header.buffer).setUint32(4, to.height);
  return new File([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    ...colours,
    chunk("IDAT", await piped([out], new CompressionStream("deflate"))),
    chunk("IEND", new Uint8Array()),
  ], file.name);
}

/** @param {BlobPart[]} parts @param {CompressionStream | DecompressionStream} stream */
async function piped(parts, stream) {
  const body = new Blob(parts).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** The rows of a PNG's pixels without their filters (PNG, section 9).
 * @param {Uint8Array} data @param {number} stride bytes of a row @param {number} step bytes of a pixel */
function unfiltered(data, stride, step) {
  /** @type {Uint8Array[]} */ const rows = [];
  /** @type {Uint8Array} */ let above = new Uint8Array(stride);
  for (let at = 0; at + stride < data.length; at += stride + 1) {
    const row = data.subarray(at + 1, at + 1 + stride);
    const filter = data[at];
    for (let i = 0; filter && i < stride; i++) {
      const left = row[i - step] ?? 0;
      const up = above[i] ?? 0;
      const added = filter === 1
        ? left
        : filter === 2
        ? up
        : filter === 3
        ? left + up >> 1
        : paeth(left, up, above[i - step] ?? 0);
      row[i] = (row[i] ?? 0) + added;
    }
    rows.push(row);
    above = row;
  }
  return rows;
}

/** Of three neighbours, the one nearest to what a plane through them has here.
 * @param {number} left @param {number} up @param {number} corner */
function paeth(left, up, corner) {
  const a = Math.abs(up - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + up - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** @param {string} type @param {Uint8Array<ArrayBuffer>} body */
function chunk(type, body) {
  const out = new Uint8Array(body.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(body, 8);
  let crc = -1;
  for (const byte of out.subarray(4, -4)) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  view.setUint32(out.length - 4, ~crc);
  return out;
}
