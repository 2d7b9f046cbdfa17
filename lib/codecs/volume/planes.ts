import type { Bytes } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import type { SampleArray } from "../sample_array.ts";
import type { VolumeHeader } from "./header.ts";
import { bytesOf, toNumbers, toValues } from "./numbers.ts";
import { unpack } from "./unpack.ts";

/** How many planes of width × height × interleaved numbers follow each other in the file. */
function countPlanes(header: VolumeHeader): number {
  const { slices, volumes, channels, voxels } = header;
  const last = (slices - 1) * voxels.strides.slice +
    (volumes - 1) * voxels.strides.volume +
    (channels - 1) * voxels.strides.channel;
  return 1 + Math.floor(last / planeLength(header));
}

/** Numbers of a plane. */
export function planeLength({ width, height, voxels }: VolumeHeader): number {
  return width * height * voxels.interleaved;
}

/**
 * The true values of the planes that are named, by default all. A plane before the last one starts the stream of a
 * packed file again.
 *
 * @throws {EdgeError} for a file whose voxels are damaged or end too early.
 */
export async function* planesOf(
  file: Uint8Array,
  header: VolumeHeader,
  wanted: Iterable<number> = Array(countPlanes(header)).keys(),
): AsyncGenerator<SampleArray> {
  const { slope, intercept } = header;
  let stream: AsyncGenerator<Bytes> | undefined;
  let next = 0;
  let values: SampleArray | undefined;
  try {
    for (const index of wanted) {
      if (values === undefined || index !== next - 1) {
        if (stream === undefined || index < next) {
          await stream?.return(undefined);
          stream = planeBytes(file, header, index);
          next = index;
        }
        let bytes: Bytes | undefined;
        for (; next <= index; next++) bytes = (await stream.next()).value;
        values = toValues(toNumbers(bytes!, header), slope, intercept);
      }
      yield values;
    }
    // After the last plane, what follows it is checked too.
    if (next === countPlanes(header)) await stream?.next();
  } finally {
    await stream?.return(undefined);
  }
}

/** The bytes of every plane from one on, each in a buffer of its own. */
async function* planeBytes(
  file: Uint8Array,
  header: VolumeHeader,
  from: number,
): AsyncGenerator<Bytes> {
  const size = planeLength(header) * bytesOf(header.type);
  let plane = new Uint8Array(size);
  let filled = 0;
  let left = countPlanes(header) - from;
  for await (const part of unpack(file, header, from * size)) {
    // The stream's own check sums follow the last voxel, and are read with the part after it.
    if (left === 0) return;
    for (let at = 0; at < part.length && left > 0;) {
      const take = Math.min(size - filled, part.length - at);
      plane.set(part.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled < size) continue;
      yield plane;
      plane = new Uint8Array(size);
      filled = 0;
      left--;
    }
  }
  if (left > 0) {
    throw readErrors(header.format).truncated("before its last voxel");
  }
}
