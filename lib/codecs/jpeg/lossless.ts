import { readErrors } from "../../core/read_errors.ts";
import { EntropyReader, huffmanTable } from "./entropy.ts";
import type { JpegFrame } from "./markers.ts";
import { readScans, type ScanHeader, type ScanTables } from "./scans.ts";

const { malformed, unsupported } = readErrors("JPEG");

/**
 * Decodes lossless Huffman JPEG (T.81 process 14, SOF3), any predictor, 2 to 16 bits, all components in one scan or
 * each in its own.
 *
 * @param frame its header, whose size must have been checked.
 * @returns H×W×C samples, interleaved.
 * @throws {EdgeError} for damaged or cut streams; nothing is filled in.
 */
export function decodeLosslessJpeg(
  bytes: Uint8Array,
  frame: JpegFrame,
): Uint8Array | Uint16Array {
  let out: Uint8Array | Uint16Array | undefined;
  readScans(bytes, frame, (tables, header, at) => {
    out ??= allocate(tables);
    return decodeScan(bytes, at, tables, header, out);
  });
  return out!;
}

function allocate({ width, height, precision, components }: ScanTables) {
  if (precision < 2 || precision > 16) {
    throw malformed(`it says ${precision} bits a sample.`);
  }
  if (components.length > 1 && components.some((c) => c.sampling !== 0x11)) {
    throw unsupported("full colour resolution", "subsampled components");
  }
  const size = width * height * components.length;
  return precision > 8 ? new Uint16Array(size) : new Uint8Array(size);
}

/** Decodes a scan into its components (T.81 §H.2); returns where its data end. */
function decodeScan(
  bytes: Uint8Array,
  from: number,
  { width, height, precision, components, huffman, interval }: ScanTables,
  { components: scanned, start: predictor, low: transform }: ScanHeader,
  out: Uint8Array | Uint16Array,
): number {
  if (predictor < 1 || predictor > 7) {
    throw malformed(`it has no predictor ${predictor}.`);
  }
  if (transform >= precision) {
    throw malformed("its point transform is too large.");
  }
  if (interval % width !== 0) {
    throw malformed("a restart interval is not made of whole lines.");
  }
  const reader = new EntropyReader(bytes, from);
  const channels = components.length;
  const stride = width * channels;
  const tables = scanned.map(({ dc }) => huffmanTable(huffman, 0, dc));
  const start = 1 << (precision - transform - 1);
  const lines = interval / width;
  // Prediction works on samples before the point transform; two lines of them are kept.
  let above = new Int32Array(stride);
  let line = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    const first = y === 0 || (lines > 0 && y % lines === 0);
    if (first && y > 0) reader.restart();
    for (let x = 0; x < width; x++) {
      for (let k = 0; k < scanned.length; k++) {
        const i = x * channels + scanned[k].index;
        const left = x > 0 ? line[i - channels] : 0;
        const prediction = first
          ? (x > 0 ? left : start)
          : x === 0
          ? above[i]
          : predict(predictor, left, above[i], above[i - channels]);
        const category = reader.symbol(tables[k]);
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
