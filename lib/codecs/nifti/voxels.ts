import { createGunzip } from "node:zlib";
import { readErrors } from "../../core/read_errors.ts";
import type { NiftiHeader } from "./header.ts";

const { malformed, truncated } = readErrors("NIfTI");

/**
 * The voxels of every slice from one on, as they stand in the file. A slice is valid until the next one is asked for,
 * so that one is held at a time.
 *
 * @throws {EdgeError} for a gzip stream that is damaged or ends too early.
 */
export async function* rawSlices(
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
