import type { SampleArray } from "../sample_array.ts";
import type { TiffLayout } from "./layout.ts";

/** Numbers that can be taken one by one, or set into a {@linkcode SampleArray} at once. */
export type Values = SampleArray | Int8Array | Float16Array;

/** Reads the line that starts at a byte; the values are overwritten by the next one. */
export type LineReader = (raw: Uint8Array, at: number) => Values;

/** A reader of lines as wide as a segment: in the machine's byte order, and with the predictor undone. */
export function lineReader(layout: TiffLayout): LineReader {
  const { tileWidth, interleaved, depth } = layout;
  const count = tileWidth * interleaved;
  return depth % 8 === 0 ? wholeBytes(layout, count) : packed(depth, count);
}

/** Samples of 1 to 15 bits, high bits first. */
function packed(depth: number, count: number): LineReader {
  const line = depth < 8 ? new Uint8Array(count) : new Uint16Array(count);
  const mask = (1 << depth) - 1;
  return (raw, at) => {
    let held = 0;
    let bits = 0;
    for (let i = 0; i < count; i++) {
      while (bits < depth) {
        held = ((held << 8) | raw[at++]) & 0xffffff;
        bits += 8;
      }
      bits -= depth;
      line[i] = (held >> bits) & mask;
    }
    return line;
  };
}

function wholeBytes(
  { littleEndian, predictor, interleaved, depth, format }: TiffLayout,
  count: number,
): LineReader {
  const size = depth / 8;
  const bytes = new Uint8Array(count * size);
  const { buffer } = bytes;
  const undo = predictor === 2 ? sumOf(buffer, size, interleaved) : undefined;
  const values = valuesOf(buffer, size, format);
  return (raw, at) => {
    const line = raw.subarray(at, at + bytes.length);
    if (predictor === 3) unshuffle(line, bytes, size, interleaved);
    else if (littleEndian || size === 1) bytes.set(line);
    else reverse(line, bytes, size);
    undo?.();
    return values();
  };
}

/** The values that the bytes of a line stand for. Integers of 64 bits become floats: beyond 2^53, the nearest. */
function valuesOf(
  buffer: ArrayBuffer,
  size: number,
  format: TiffLayout["format"],
): () => Values {
  if (format !== "float" && size === 8) {
    const words = new Uint32Array(buffer);
    const floats = new Float64Array(words.length / 2);
    return () => {
      for (let i = 0; i < floats.length; i++) {
        const high = words[2 * i + 1];
        floats[i] = (format === "signed" ? high | 0 : high) * 2 ** 32 +
          words[2 * i];
      }
      return floats;
    };
  }
  const Values = {
    unsigned: { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array },
    signed: { 1: Int8Array, 2: Int16Array, 4: Int32Array },
    float: { 2: Float16Array, 4: Float32Array, 8: Float64Array },
  }[format][size as 2];
  const values = new Values(buffer);
  return () => values;
}

/** Horizontal differences (TIFF 6.0 §14) of words of 1, 2, 4 or 8 bytes summed up; they wrap around as the sums must. */
function sumOf(buffer: ArrayBuffer, size: number, step: number): () => void {
  if (size === 8) {
    const words = new Uint32Array(buffer);
    return () => {
      for (let i = 2 * step; i < words.length; i += 2) {
        const low = words[i] + words[i - 2 * step];
        words[i] = low;
        words[i + 1] += words[i + 1 - 2 * step] + (low > 0xffffffff ? 1 : 0);
      }
    };
  }
  const Words = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[size as 1];
  const words = new Words(buffer);
  return () => {
    for (let i = step; i < words.length; i++) words[i] += words[i - step];
  };
}

/** Values of several bytes, each turned round. */
function reverse(line: Uint8Array, bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) {
    for (let k = 0; k < size; k++) bytes[i + k] = line[i + size - 1 - k];
  }
}

/**
 * The floating point predictor (TIFF Technical Note 3): the values' highest bytes one after another, then the next
 * ones, and all of these as differences.
 */
function unshuffle(
  line: Uint8Array,
  bytes: Uint8Array,
  size: number,
  step: number,
): void {
  const sums = line.slice();
  for (let i = step; i < sums.length; i++) sums[i] += sums[i - step];
  const count = bytes.length / size;
  for (let k = 0; k < size; k++) {
    for (let i = 0; i < count; i++) {
      bytes[i * size + size - 1 - k] = sums[k * count + i];
    }
  }
}
