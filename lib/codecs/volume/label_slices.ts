import type { Bytes } from "../../core/bytes.ts";
import { invalidInput } from "../../core/errors.ts";
import type { Size } from "../../core/geometry.ts";
import type { VolumeHeader } from "./header.ts";

/** The labels of a slice, H×W uint8, 0 outside, and which slice of the volume it is, from 0. */
export interface LabelSlice extends Size {
  index: number;
  data: Uint8Array;
}

/**
 * The voxels of a label volume, a slice at a time; slices that are not given are 0.
 *
 * @param given in the order of their slices, at most one of each.
 * @throws {EdgeError} `invalid-input` for one of another size, or of a slice that does not exist or is out of order.
 */
export async function* everySlice(
  { width, height, slices, volumes }: VolumeHeader,
  given: Iterable<LabelSlice> | AsyncIterable<LabelSlice>,
): AsyncGenerator<Bytes> {
  const count = slices * volumes;
  const blank = () => new Uint8Array(width * height);
  let next = 0;
  for await (const slice of given) {
    if (slice.index < next || slice.index >= count) {
      throw invalidInput(
        `Cannot write the mask volume: slice ${slice.index} is not one of ${count}, or is out of order.`,
      );
    }
    if (slice.width !== width || slice.height !== height) {
      throw invalidInput(
        `Cannot write the mask volume: a mask is ${slice.width}×${slice.height} pixels, ` +
          `its slice ${width}×${height}.`,
      );
    }
    for (; next < slice.index; next++) yield blank();
    yield new Uint8Array(slice.data);
    next++;
  }
  for (; next < count; next++) yield blank();
}

/** The bytes of a stream, gzipped as they come. */
export async function gzipped(parts: AsyncIterable<Bytes>): Promise<Bytes> {
  const stream = ReadableStream.from(parts);
  return await new Response(
    stream.pipeThrough(new CompressionStream("gzip")),
  ).bytes();
}
