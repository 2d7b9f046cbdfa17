import { createGunzip } from "node:zlib";
import { requireFrame } from "../../dicom/pixels/decode.ts";
import { EdgeError } from "../../core/errors.ts";
import { cutNifti, type NiftiHeader, readNiftiHeader } from "./header.ts";
import type { Samples } from "../samples.ts";

/**
 * Slices of a NIfTI volume from one on, slice (z, t) being number t · slices + z, each as stored: x
 * along the first axis, y along the second. A value is zero where the voxel's is, so that labels keep
 * their meaning; what it looks like is the window that the header states (`cal_min`, `cal_max`), or
 * the least to the greatest finite value of the whole volume. One slice is held at a time; a gzipped
 * file is unpacked once, twice where its window must be found.
 */
export async function* decodeNiftiSlices(
  bytes: Uint8Array,
  from = 0,
): AsyncGenerator<Samples> {
  const header = readNiftiHeader(bytes);
  const { width, height, datatype } = header;
  if (datatype === 128) {
    for await (const rgb of rawSlices(bytes, header, from)) {
      const data = rgb.slice();
      yield { width, height, channels: 3, max: 255, lossy: false, data };
    }
    return;
  }
  const { slope, intercept } = header;
  const [low, high] = header.window ?? await rangeOf(bytes, header);
  const span = high > low ? high - low : Infinity;
  const greyOf = (value: number) =>
    Math.floor(Math.min(Math.max(((value - low) * 255) / span, 0), 255) + 0.5);
  const display = Uint8Array.from(
    { length: 0x10000 },
    (_, v) => v === 0 ? greyOf(0) : v - 1,
  );
  for await (const raw of rawSlices(bytes, header, from)) {
    const values = toValues(raw, header);
    const data = new Uint16Array(width * height);
    for (let i = 0; i < data.length; i++) {
      const value = Number(values[i]) * slope + intercept;
      // What is no number is shown and counted as 0.
      if (value !== 0 && value === value) data[i] = 1 + greyOf(value);
    }
    yield { width, height, channels: 1, max: 256, lossy: false, display, data };
  }
}

/**
 * The slice that is meant; the only one where none is named.
 *
 * @throws {EdgeError} `frame-choice` where it is not said or not there.
 */
export function chooseSlice(
  { slices, volumes }: NiftiHeader,
  slice?: number,
): number {
  const count = slices * volumes;
  if (slice === undefined && count > 1) {
    throw new EdgeError(
      "frame-choice",
      `Cannot read the image: it is a volume of ${count} slices; say which with frame, from 0 to ${
        count - 1
      }.`,
    );
  }
  const wanted = slice ?? 0;
  requireFrame(wanted, count);
  return wanted;
}

/** One slice of a volume; the only one where none is named. */
export async function decodeNifti(
  bytes: Uint8Array,
  slice?: number,
): Promise<Samples> {
  const wanted = chooseSlice(readNiftiHeader(bytes), slice);
  for await (const samples of decodeNiftiSlices(bytes, wanted)) return samples;
  throw cutNifti("before the slice asked");
}

/** Kinds of array by datatype code, nifti1.h. */
const ARRAYS = {
  2: Uint8Array,
  4: Int16Array,
  8: Int32Array,
  16: Float32Array,
  64: Float64Array,
  256: Int8Array,
  512: Uint16Array,
  768: Uint32Array,
  1024: BigInt64Array,
  1280: BigUint64Array,
};

/** Whether this machine stores the low byte first, as typed arrays show. */
const HERE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The unscaled values of a raw slice. */
function toValues(
  raw: Uint8Array,
  { datatype, voxelBytes, littleEndian }: NiftiHeader,
): ArrayLike<number | bigint> {
  const bytes = raw.slice();
  if (littleEndian !== HERE && voxelBytes > 1) {
    for (let at = 0; at < bytes.length; at += voxelBytes) {
      bytes.subarray(at, at + voxelBytes).reverse();
    }
  }
  return new ARRAYS[datatype as keyof typeof ARRAYS](bytes.buffer);
}

/** Least and greatest finite value of the whole volume. */
async function rangeOf(
  bytes: Uint8Array,
  header: NiftiHeader,
): Promise<[number, number]> {
  let low = Infinity;
  let high = -Infinity;
  for await (const raw of rawSlices(bytes, header, 0)) {
    const values = toValues(raw, header);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value >= low && value <= high) continue;
      if (value < low && value > -Infinity) low = Number(value);
      if (value > high && value < Infinity) high = Number(value);
    }
  }
  if (low > high) return [0, 0];
  const { slope, intercept } = header;
  const ends = [low * slope + intercept, high * slope + intercept];
  return [Math.min(...ends), Math.max(...ends)];
}

/** The bytes of every slice from one on; a slice is valid until the next one is asked for. */
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
  throw cutNifti("before its last voxel");
}

/** The parts of an unpacked gzip stream, as few at a time as its reader takes. */
async function* unzip(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 2 ** 18 });
  stream.end(bytes);
  try {
    for await (const part of stream) yield part as Uint8Array;
  } catch (cause) {
    const cut = (cause as { code?: string }).code === "Z_BUF_ERROR";
    throw cut ? cutNifti("inside its gzip stream") : new EdgeError(
      "malformed",
      "Cannot read the NIfTI: its gzip stream is damaged.",
    );
  } finally {
    stream.destroy();
  }
}
