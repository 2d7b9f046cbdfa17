import { type FileFrames, placesAlong } from "../../core/frames.ts";
import { alongNormal, planeOf } from "../data_set/plane.ts";
import type { Samples } from "../../codecs/samples.ts";
import { decodeFrame, requirePixels } from "./decode.ts";
import type { DicomLayout } from "./layout.ts";

/**
 * The frames of a DICOM image and where they lie.
 *
 * @throws {EdgeError} where the pixel data cannot hold the frames that the file states.
 */
export function framesOfDicom(layout: DicomLayout): FileFrames {
  requirePixels(layout);
  const { dataset, frames } = layout;
  const along = Array.from({ length: frames }, (_, frame) => {
    const plane = planeOf(dataset, frame);
    return plane === undefined ? null : alongNormal(plane);
  });
  const positions = frames === 1
    ? null
    : placesAlong(along) ?? along.map((_, i) => i / (frames - 1));
  return { count: frames, positions, along: along[0] ?? null };
}

/** Decodes the frames from one on, each when it is asked for. */
export async function* decodeDicomFrames(
  layout: DicomLayout,
  from: number,
): AsyncGenerator<Samples> {
  for (let frame = from; frame < layout.frames; frame++) {
    yield await decodeFrame(layout, frame);
  }
}
