import {
  type DecodedImage,
  type Samples,
  toRaster,
} from "../codecs/samples.ts";
import type { FileFrames } from "../core/frames.ts";
import { checkSize, type ImageLimits } from "../core/raster.ts";
import { decodeImage, readSize } from "./decode.ts";
import { FORMATS } from "./formats.ts";
import { openImage } from "./media_type.ts";

/** One frame of a file, decoded. */
interface DecodedFrame {
  /** From 0, in the order of the file. */
  index: number;
  /** Along the volume, as in {@linkcode FileFrames}. */
  position: number | null;
  raster: DecodedImage;
}

/**
 * Counts the frames of a file and finds where they lie.
 *
 * @throws {EdgeError}
 */
export function countFrames(file: Uint8Array): FileFrames {
  const { type, bytes } = openImage(file);
  return FORMATS[type].frames?.count(bytes) ??
    { count: 1, positions: null, along: null };
}

/**
 * Decodes the frames of a file one after another, from one on, in the order of the file. Each is decoded when it is
 * asked for and none is kept, so memory does not grow with their number. An image of a single frame gives that one.
 *
 * @throws {EdgeError} at once for a file that cannot be read; at a frame that is damaged.
 */
export async function* readFrames(
  file: Uint8Array,
  limits: ImageLimits,
  { from = 0 }: { from?: number } = {},
): AsyncGenerator<DecodedFrame> {
  const { type, bytes } = openImage(file);
  const { frames } = FORMATS[type];
  const places = countFrames(bytes);
  if (frames?.decode !== undefined) {
    checkSize(readSize(bytes, type, from), limits);
    yield* place(frames.decode(bytes, from), places, from);
    return;
  }
  for (let index = from; index < places.count; index++) {
    const raster = await decodeImage(bytes, limits, index);
    const position = places.positions?.[index] ?? null;
    yield { index, position, raster };
  }
}

async function* place(
  decoded: AsyncIterable<Samples>,
  { count, positions }: FileFrames,
  from: number,
): AsyncGenerator<DecodedFrame> {
  if (from >= count) return;
  let index = from;
  for await (const samples of decoded) {
    const position = positions?.[index] ?? null;
    yield { index, position, raster: toRaster(samples) };
    index++;
  }
}
