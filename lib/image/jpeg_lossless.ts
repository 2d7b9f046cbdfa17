import { ImageError } from "./errors.ts";
import {
  buildHuffman,
  EntropyReader,
  type HuffmanTable,
} from "./jpeg_entropy.ts";

const bad = (message: string) =>
  new ImageError("malformed", `Cannot read the JPEG: ${message}`);
const cut = () =>
  new ImageError("truncated", "Cannot read the JPEG: it ends too early.");

interface Frame {
  precision: number;
  width: number;
  height: number;
  /** Component identifiers, in the order of the samples. */
  components: number[];
}

/**
 * Decodes lossless Huffman JPEG (T.81 process 14, SOF3), any predictor, 2 to 16 bits, all components
 * in one scan or each in its own. The size must have been checked already.
 *
 * @returns H×W×C samples, interleaved.
 * @throws {ImageError} for damaged or cut streams; nothing is filled in.
 */
export function decodeLosslessJpeg(
  bytes: Uint8Array,
): Uint8Array | Uint16Array {
  const tables = new Map<number, Uint8Array>();
  let frame: Frame | undefined;
  let out: Uint8Array | Uint16Array | undefined;
  let interval = 0;
  const missing = new Set<number>();
  for (let at = 2; !frame || missing.size > 0;) {
    if (at + 4 > bytes.length) throw cut();
    if (bytes[at] !== 0xff) {
      throw bad("there are stray bytes between its segments.");
    }
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xd9) throw cut();
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    if (end < at + 4 || end > bytes.length) throw cut();
    const body = bytes.subarray(at + 4, end);
    at = end;
    if (marker === 0xc4) readTables(body, tables);
    else if (marker === 0xdd) interval = (body[0] << 8) | body[1];
    else if (marker === 0xc3 && frame === undefined) {
      frame = readFrame(body);
      const size = frame.width * frame.height * frame.components.length;
      out = frame.precision > 8 ? new Uint16Array(size) : new Uint8Array(size);
      for (const id of frame.components) missing.add(id);
    } else if (marker === 0xda) {
      if (!frame || !out) throw bad("a scan comes before the frame header.");
      const scan = readScan(body, tables);
      for (const { id } of scan.components) {
        if (!missing.delete(id)) {
          throw bad("a scan names a component twice or none.");
        }
      }
      at = decodeScan(bytes, at, frame, scan, interval, out);
    }
  }
  return out!;
}

function readFrame(body: Uint8Array): Frame {
  const count = body[5];
  if (body.length < 6 + 3 * count || count === 0) {
    throw bad("its frame header is too short.");
  }
  const components: number[] = [];
  for (let i = 0; i < count; i++) {
    if (count > 1 && body[7 + 3 * i] !== 0x11) {
      throw new ImageError(
        "unsupported-type",
        "Cannot read the JPEG: wanted lossless colours of full resolution; they are subsampled.",
      );
    }
    components.push(body[6 + 3 * i]);
  }
  const precision = body[0];
  if (precision < 2 || precision > 16) {
    throw bad(`it says ${precision} bits a sample.`);
  }
  return {
    precision,
    height: (body[1] << 8) | body[2],
    width: (body[3] << 8) | body[4],
    components,
  };
}

function readTables(body: Uint8Array, tables: Map<number, Uint8Array>): void {
  for (let at = 0; at < body.length;) {
    const counts = body.subarray(at + 1, at + 17);
    const length = 17 + counts.reduce((sum, n) => sum + n, 0);
    if (at + length > body.length) throw bad("a Huffman table is cut short.");
    tables.set(body[at], body.subarray(at + 1, at + length));
    at += length;
  }
}

interface Scan {
  components: { id: number; table: HuffmanTable }[];
  predictor: number;
  /** Bits by which samples were shifted down. */
  transform: number;
}

function readScan(body: Uint8Array, tables: Map<number, Uint8Array>): Scan {
  const count = body[0];
  if (body.length < 4 + 2 * count || count === 0) {
    throw bad("a scan header is too short.");
  }
  const components = Array.from({ length: count }, (_, i) => {
    const spec = tables.get(body[2 + 2 * i] >> 4);
    if (spec === undefined) throw bad("a scan names a table that never came.");
    return { id: body[1 + 2 * i], table: buildHuffman(spec) };
  });
  const predictor = body[1 + 2 * count];
  if (predictor < 1 || predictor > 7) {
    throw bad(`it has no predictor ${predictor}.`);
  }
  return { components, predictor, transform: body[3 + 2 * count] & 15 };
}

/** Decodes a scan into its components (T.81 §H.2); returns where its data end. */
function decodeScan(
  bytes: Uint8Array,
  from: number,
  { width, height, precision, components: ids }: Frame,
  { components, predictor, transform }: Scan,
  interval: number,
  out: Uint8Array | Uint16Array,
): number {
  if (interval % width !== 0) {
    throw bad("a restart interval is not made of whole lines.");
  }
  const reader = new EntropyReader(bytes, from);
  const channels = ids.length;
  const stride = width * channels;
  const offsets = components.map(({ id }) => ids.indexOf(id));
  const start = 1 << (precision - transform - 1);
  const lines = interval / width;
  // Prediction works on samples before the point transform; two lines of them are kept.
  let above = new Int32Array(stride);
  let line = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    const first = y === 0 || (lines > 0 && y % lines === 0);
    if (first && y > 0) reader.restart();
    for (let x = 0; x < width; x++) {
      for (let k = 0; k < components.length; k++) {
        const i = x * channels + offsets[k];
        const left = x > 0 ? line[i - channels] : 0;
        const prediction = first
          ? (x > 0 ? left : start)
          : x === 0
          ? above[i]
          : predict(predictor, left, above[i], above[i - channels]);
        const category = reader.symbol(components[k].table);
        line[i] = (prediction + reader.difference(category)) & 0xffff;
        out[y * stride + i] = line[i] << transform;
      }
    }
    reader.requireWhole();
    [above, line] = [line, above];
  }
  return reader.at;
}

/** T.81 table H.1. */
function predict(kind: number, a: number, b: number, c: number): number {
  switch (kind) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
}
