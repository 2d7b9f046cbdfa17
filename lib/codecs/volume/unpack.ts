import { createGunzip, createInflate } from "node:zlib";
import { readErrors } from "../../core/read_errors.ts";
import type { VolumeHeader } from "./header.ts";
import { hexBytes, textBytes } from "./text.ts";

/** Bytes of a file that are given to the unpacker at once. */
const CHUNK = 2 ** 18;

/**
 * The unpacked bytes from the first voxel on, in parts, no more at a time than the reader takes.
 *
 * @param skip bytes of the voxels to leave out first.
 * @throws {EdgeError} for a stream that is damaged or ends too early.
 */
export async function* unpack(
  file: Uint8Array,
  header: VolumeHeader,
  skip: number,
): AsyncGenerator<Uint8Array> {
  const { voxels } = header;
  let left = voxels.skip + skip;
  for await (const part of parts(file.subarray(voxels.start), header)) {
    const at = Math.min(left, part.length);
    left -= at;
    if (at < part.length) yield part.subarray(at);
  }
}

function parts(
  packed: Uint8Array,
  { format, type, voxels }: VolumeHeader,
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  switch (voxels.encoding) {
    case "raw":
      return [packed];
    case "text":
      return textBytes(packed, type, format);
    case "hex":
      return hexBytes(packed, format);
    case "gzip":
    case "zlib":
      return inflateParts(packed, voxels.encoding, format);
  }
}

async function* inflateParts(
  packed: Uint8Array,
  encoding: "gzip" | "zlib",
  format: string,
): AsyncGenerator<Uint8Array> {
  const { malformed, truncated } = readErrors(format);
  const create = encoding === "gzip" ? createGunzip : createInflate;
  const stream = create({ chunkSize: CHUNK });
  stream.end(packed);
  try {
    for await (const part of stream) yield part as Uint8Array;
  } catch (cause) {
    throw (cause as { code?: string }).code === "Z_BUF_ERROR"
      ? truncated(`inside its ${encoding} stream`, cause)
      : malformed(`its ${encoding} stream is damaged.`, cause);
  } finally {
    stream.destroy();
  }
}
