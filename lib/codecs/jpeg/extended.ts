import { readErrors } from "../../core/read_errors.ts";
import { EntropyReader, huffmanTable } from "./entropy.ts";
import type { JpegFrame } from "./markers.ts";
import { readScans, type ScanHeader, type ScanTables } from "./scans.ts";

const { malformed, unsupported } = readErrors("JPEG");

/** Row-major place of the k-th coefficient (T.81 figure A.6). */
const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** COSINE[x * 8 + u]: the basis of the inverse DCT (T.81 §A.3.3), halved. */
const COSINE = Float64Array.from({ length: 64 }, (_, i) => {
  const [x, u] = [i >> 3, i & 7];
  return Math.cos(((2 * x + 1) * u * Math.PI) / 16) / 2 *
    (u === 0 ? Math.SQRT1_2 : 1);
});

/**
 * Decodes grey sequential JPEG of 12 bits (T.81 process 4, SOF1 with Huffman codes), which MozJPEG cannot decode.
 *
 * @param frame its header, whose size must have been checked.
 * @returns H×W samples, 0 to 4095.
 * @throws {EdgeError} for damaged or cut streams; nothing is filled in.
 */
export function decodeExtendedJpeg(
  bytes: Uint8Array,
  frame: JpegFrame,
): Uint16Array {
  let out: Uint16Array | undefined;
  readScans(bytes, frame, (tables, header, at) => {
    const { width, height, precision, components } = tables;
    if (components.length !== 1 || precision !== 12) {
      throw unsupported(
        "8 bits, or 12 bits of grey",
        `${precision} bits of ${components.length} components`,
      );
    }
    out = new Uint16Array(width * height);
    return decodeScan(bytes, at, tables, header, out);
  });
  return out!;
}

/** Decodes the blocks of the one component (T.81 §F.2); returns where its data end. */
function decodeScan(
  bytes: Uint8Array,
  from: number,
  { width, height, components, huffman, quantization, interval }: ScanTables,
  { components: [{ dc, ac }] }: ScanHeader,
  out: Uint16Array,
): number {
  const steps = quantization.get(components[0].quantization);
  if (steps === undefined) {
    throw malformed("a scan names a table that is missing.");
  }
  const dcTable = huffmanTable(huffman, 0, dc);
  const acTable = huffmanTable(huffman, 1, ac);
  const reader = new EntropyReader(bytes, from);
  const across = Math.ceil(width / 8);
  const count = across * Math.ceil(height / 8);
  const block = new Float64Array(64);
  const half = new Float64Array(64);
  let last = 0;
  for (let n = 0; n < count; n++) {
    if (interval > 0 && n > 0 && n % interval === 0) {
      reader.restart();
      last = 0;
    }
    block.fill(0);
    last += reader.difference(reader.symbol(dcTable));
    block[0] = last * steps[0];
    for (let k = 1; k < 64; k++) {
      const symbol = reader.symbol(acTable);
      const size = symbol & 15;
      if (size === 0) {
        if (symbol !== 0xf0) break;
        k += 15;
        continue;
      }
      k += symbol >> 4;
      if (k > 63) throw malformed("its picture data are damaged.");
      block[ZIGZAG[k]] = reader.difference(size) * steps[k];
    }
    if (n % across === across - 1) reader.requireWhole();
    transform(block, half);
    const [left, top] = [(n % across) * 8, Math.floor(n / across) * 8];
    for (let y = top, i = 0; y < top + 8; y++) {
      for (let x = left; x < left + 8; x++, i++) {
        if (x >= width || y >= height) continue;
        // Middle grey is added; samples outside the picture are dropped.
        const value = Math.floor(block[i] + 2048.5);
        out[y * width + x] = Math.min(Math.max(value, 0), 4095);
      }
    }
  }
  return reader.at;
}

/** The inverse DCT of a block, in place: columns, then rows. */
function transform(block: Float64Array, half: Float64Array): void {
  for (let y = 0; y < 8; y++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let v = 0; v < 8; v++) sum += COSINE[y * 8 + v] * block[v * 8 + u];
      half[y * 8 + u] = sum;
    }
  }
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < 8; u++) sum += COSINE[x * 8 + u] * half[y * 8 + u];
      block[y * 8 + x] = sum;
    }
  }
}
