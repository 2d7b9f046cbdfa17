import { createGunzip } from "node:zlib";
import { readErrors } from "../../core/read_errors.ts";
import type { Samples } from "../samples.ts";
import { RGB24, toNumbers } from "./datatypes.ts";
import { chooseSlice, type NiftiHeader, readNiftiHeader } from "./header.ts";

const { malformed, truncated } = readErrors("NIfTI");

/** Decodes one slice of a volume; the only one where none is named. */
export async function decodeNifti(
  bytes: Uint8Array,
  slice?: number,
): Promise<Samples> {
  const wanted = chooseSlice(readNiftiHeader(bytes), slice);
  for await (const samples of decodeNiftiSlices(bytes, wanted)) return samples;
  throw truncated("before the slice that is wanted");
}

/**
 * Decodes the slices of a NIfTI volume from one on, each as it is stored: x along the first axis, y along the second.
 * Numbers become 16-bit greys that are zero where the scaled voxel is, so that labels keep their meaning; they are
 * shown by the window that the header states (`cal_min`, `cal_max`), or from the least to the greatest finite value
 * of the whole volume. One slice is held at a time; a gzipped file is unpacked once, twice where its window must be
 * found.
 */
export async function* decodeNiftiSlices(
  bytes: Uint8Array,
  from = 0,
): AsyncGenerator<Samples> {
  const header = readNiftiHeader(bytes);
  const { width, height, slope, intercept } = header;
  if (header.datatype === RGB24) {
    for await (const rgb of rawSlices(bytes, header, from)) {
      const data = rgb.slice();
      yield { width, height, channels: 3, max: 255, lossy: false, data };
    }
    return;
  }
  const [low, high] = header.window ?? await rangeOf(bytes, header);
  const span = high > low ? high - low : Infinity;
  const greyOf = (value: number) =>
    Math.floor(Math.min(Math.max(((value - low) * 255) / span, 0), 255) + 0.5);
  // Sample 0 is the value 0, sample 1 + g any other value of grey level g.
  const display = Uint8Array.from(
    { length: 0x10000 },
    (_, sample) => sample === 0 ? greyOf(0) : sample - 1,
  );
  for await (const raw of rawSlices(bytes, header, from)) {
    const numbers = toNumbers(raw, header);
    const data = new Uint16Array(width * height);
    for (let i = 0; i < data.length; i++) {
      const value = Number(numbers[i]) * slope + intercept;
      // NaN counts as 0 and is shown as 0.
      if (value !== 0 && value === value) data[i] = 1 + greyOf(value);
    }
    yield { width, height, channels: 1, max: 256, lossy: false, display, data };
  }
}

/** The least and the greatest finite value of the whole volume, scaled. */
async function rangeOf(
  bytes: Uint8Array,
  header: NiftiHeader,
): Promise<[number, number]> {
  let low = Infinity;
  let high = -Infinity;
  for await (const raw of rawSlices(bytes, header, 0)) {
    const numbers = toNumbers(raw, header);
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i];
      if (number >= low && number <= high) continue;
      if (number < low && number > -Infinity) low = Number(number);
      if (number > high && number < Infinity) high = Number(number);
    }
  }
  if (low > high) return [0, 0];
  const { slope, intercept } = header;
  const ends = [low * slope + intercept, high * slope + intercept];
  return [Math.min(...ends), Math.max(...ends)];
}

/**
 * The voxels of every slice from one on, as they stand in the file. A slice is valid until the next one is asked for,
 * so that one is held at a time.
 *
 * @throws {EdgeError} for a gzip stream that is damaged or ends too early.
 */
async function* rawSlices(
  bytes: Uint8Array,
  header: NiftiHeader,
  from: number,
): AsyncGenerator<Uint8Array> {
  const { width, height, voxelBytes, offset, zipped } = header;
  const size = width * height * voxelBytes;
  const count = header.slices * header.volumes;
  if (!zipped) {
    for (let i = from; i < count; i++) {
      yield bytes.subarray(offset + i * size, offset + (i + 1) * size);
    }
    return;
  }
  const slice = new Uint8Array(size);
  let skip = offset + from * size;
  let filled = 0;
  let left = count - from;
  for await (const part of unzip(bytes)) {
    let at = Math.min(skip, part.length);
    skip -= at;
    while (at < part.length) {
      const take = Math.min(size - filled, part.length - at);
      slice.set(part.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled < size) break;
      yield slice;
      filled = 0;
      if (--left === 0) return;
    }
  }
  throw truncated("before its last voxel");
}

/** The parts of an unpacked gzip stream, no more at a time than the reader takes. */
async function* unzip(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 2 ** 18 });
  stream.end(bytes);
  try {
    for await (const part of stream) yield part as Uint8Array;
  } catch (cause) {
    throw (cause as { code?: string }).code === "Z_BUF_ERROR"
      ? truncated("inside its gzip stream", cause)
      : malformed("its gzip stream is damaged.", cause);
  } finally {
    stream.destroy();
  }
}
