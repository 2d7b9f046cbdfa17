import { createGunzip } from "node:zlib";
import { ImageError } from "./errors.ts";
import { cutNifti, type NiftiHeader, readNiftiHeader } from "./nifti_header.ts";
import type { Samples } from "./samples.ts";

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
  const voxel = voxelReader(header);
  const [low, high] = header.window ?? await rangeOf(bytes, header, voxel);
  const scale = high > low ? 255 / (high - low) : 0;
  const greyOf = (value: number) =>
    Math.floor(Math.min(Math.max((value - low) * scale, 0), 255) + 0.5);
  const display = Uint8Array.from(
    { length: 0x10000 },
    (_, v) => v === 0 ? greyOf(0) : v - 1,
  );
  for await (const raw of rawSlices(bytes, header, from)) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    const data = new Uint16Array(width * height);
    for (let i = 0; i < data.length; i++) {
      const value = voxel(view, i);
      // What is no number is shown and counted as 0.
      if (value !== 0 && value === value) data[i] = 1 + greyOf(value);
    }
    yield { width, height, channels: 1, max: 256, lossy: false, display, data };
  }
}

/** One slice of a volume; the only one where none is named. */
export async function decodeNifti(
  bytes: Uint8Array,
  slice?: number,
): Promise<Samples> {
  const { slices, volumes } = readNiftiHeader(bytes);
  const count = slices * volumes;
  if (slice === undefined && count > 1) {
    throw new ImageError(
      "unsupported-type",
      `Cannot read the image: it is a volume of ${count} slices; say which with frame, from 0 to ${
        count - 1
      }.`,
    );
  }
  const wanted = slice ?? 0;
  if (wanted >= count) {
    throw new ImageError(
      "malformed",
      `Cannot read the image: frame ${wanted} was asked, and its frames count from 0 to ${
        count - 1
      }.`,
    );
  }
  for await (const samples of decodeNiftiSlices(bytes, wanted)) return samples;
  throw cutNifti("before the slice asked");
}

type VoxelReader = (view: DataView, index: number) => number;

/** The scaled value of a voxel of a raw slice. */
function voxelReader(
  { datatype, littleEndian: e, slope, intercept }: NiftiHeader,
): VoxelReader {
  const readers: Record<number, VoxelReader> = {
    2: (view, i) => view.getUint8(i),
    4: (view, i) => view.getInt16(2 * i, e),
    8: (view, i) => view.getInt32(4 * i, e),
    16: (view, i) => view.getFloat32(4 * i, e),
    64: (view, i) => view.getFloat64(8 * i, e),
    256: (view, i) => view.getInt8(i),
    512: (view, i) => view.getUint16(2 * i, e),
    768: (view, i) => view.getUint32(4 * i, e),
    1024: (view, i) => Number(view.getBigInt64(8 * i, e)),
    1280: (view, i) => Number(view.getBigUint64(8 * i, e)),
  };
  const read = readers[datatype];
  return slope === 1 && intercept === 0
    ? read
    : (view, i) => read(view, i) * slope + intercept;
}

/** Least and greatest finite value of the whole volume. */
async function rangeOf(
  bytes: Uint8Array,
  header: NiftiHeader,
  voxel: VoxelReader,
): Promise<[number, number]> {
  let low = Infinity;
  let high = -Infinity;
  const pixels = header.width * header.height;
  for await (const raw of rawSlices(bytes, header, 0)) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    for (let i = 0; i < pixels; i++) {
      const value = voxel(view, i);
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 0];
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
    throw cut ? cutNifti("inside its gzip stream") : new ImageError(
      "malformed",
      "Cannot read the NIfTI: its gzip stream is damaged.",
    );
  } finally {
    stream.destroy();
  }
}
