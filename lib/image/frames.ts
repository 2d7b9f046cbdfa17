import { readDicom } from "../dicom/data_set/file.ts";
import { TAG } from "../dicom/data_set/tags.ts";
import { decodeFrame, requirePixels } from "../dicom/pixels/decode.ts";
import { groupOf } from "../dicom/data_set/functional_groups.ts";
import { type DicomLayout, readDicomLayout } from "../dicom/pixels/layout.ts";
import { decodeSamples } from "./decode_samples.ts";
import { checkMediaType } from "./media_type.ts";
import { decodeNiftiSlices } from "../codecs/nifti/decode.ts";
import { type NiftiHeader, readNiftiHeader } from "../codecs/nifti/header.ts";
import { checkSize, type ImageLimits, type Raster } from "../core/raster.ts";
import { toRaster } from "../codecs/samples.ts";
import { orient } from "./orientation.ts";

/** What a file of one or many frames holds, told without decoding a pixel. */
export interface FileFrames {
  /** Frames of a DICOM image, slices (times volumes) of a NIfTI volume, 1 for other images. */
  count: number;
  /**
   * Where each frame lies along the volume, 0 to 1; null for a single frame. By the frames' geometry
   * where a DICOM file states one for each, else by their order.
   */
  positions: number[] | null;
  /**
   * Millimetres of the first frame along the normal of its plane, in the patient's frame of reference:
   * what the single-frame files of a series are to be sorted by. Null where it is not stated.
   */
  along: number | null;
}

/** One frame of a file, decoded. */
export interface DecodedFrame {
  /** From 0, in the order of the file. */
  index: number;
  /** As in {@linkcode FileFrames}. */
  position: number | null;
  raster: Raster;
}

/**
 * Counts the frames of a file and tells where they lie.
 *
 * @param declared the media type that the sender stated, if any.
 * @throws {EdgeError}
 */
export function countFrames(bytes: Uint8Array, declared?: string): FileFrames {
  switch (checkMediaType(bytes, declared)) {
    case "application/dicom":
      return framesOfDicom(readDicomLayout(readDicom(bytes)));
    case "application/x-nifti":
      return framesOfNifti(readNiftiHeader(bytes));
    default:
      return { count: 1, positions: null, along: null };
  }
}

/**
 * Decodes the frames of a file one after another, from one on, in the order of the file. Each is
 * decoded when it is asked for and none is kept, so memory does not grow with their number. An image
 * of a single frame gives that one.
 *
 * @param declared the media type that the sender stated, if any.
 * @throws {EdgeError} at once for a file that cannot be read; at a frame that is damaged.
 */
export async function* readFrames(
  bytes: Uint8Array,
  limits: ImageLimits,
  { from = 0, declared }: { from?: number; declared?: string } = {},
): AsyncGenerator<DecodedFrame> {
  const type = checkMediaType(bytes, declared);
  if (type === "application/x-nifti") {
    const header = readNiftiHeader(bytes);
    const { count, positions } = framesOfNifti(header);
    checkSize(header, limits);
    if (from >= count) return;
    let index = from;
    for await (const samples of decodeNiftiSlices(bytes, from)) {
      const position = positions?.[index] ?? null;
      yield { index, position, raster: toRaster(samples) };
      index++;
    }
  } else if (type === "application/dicom") {
    const layout = readDicomLayout(readDicom(bytes));
    const { count, positions } = framesOfDicom(layout);
    checkSize(layout, limits);
    for (let index = from; index < count; index++) {
      const position = positions?.[index] ?? null;
      const raster = toRaster(await decodeFrame(layout, index));
      yield { index, position, raster };
    }
  } else if (from === 0) {
    const { samples, orientation } = await decodeSamples(
      bytes,
      limits,
      declared,
    );
    const raster = orient(toRaster(samples), orientation);
    yield { index: 0, position: null, raster };
  }
}

function framesOfNifti({ slices, volumes }: NiftiHeader): FileFrames {
  const count = slices * volumes;
  const positions = Array.from(
    { length: count },
    (_, i) => slices > 1 ? (i % slices) / (slices - 1) : 0,
  );
  return { count, positions: count > 1 ? positions : null, along: null };
}

function framesOfDicom(layout: DicomLayout): FileFrames {
  requirePixels(layout);
  const { dataset, frames } = layout;
  const along = Array.from({ length: frames }, (_, frame) => {
    const [x, y, z] = groupOf(dataset, frame, TAG.planePosition)
      .decimals(TAG.imagePosition);
    const [a, b, c, d, e, f] = groupOf(dataset, frame, TAG.planeOrientation)
      .decimals(TAG.imageOrientation);
    if (z === undefined || f === undefined) return null;
    const mm = x * (b * f - c * e) + y * (c * d - a * f) + z * (a * e - b * d);
    // Numbers of any size can be stated.
    return Number.isFinite(mm) ? mm : null;
  });
  if (frames === 1) return { count: 1, positions: null, along: along[0] };
  const positions = placesAlong(along) ??
    along.map((_, i) => i / (frames - 1));
  return { count: frames, positions, along: along[0] };
}

/**
 * Where places lie between the first and the last of them, 0 to 1; null where one is not stated, or they
 * lie too close together, or further apart than a number can say.
 *
 * @param along millimetres, in any order.
 * @param least how far apart the outermost must lie more than, millimetres.
 */
export function placesAlong(
  along: (number | null)[],
  least = 0,
): number[] | null {
  const known = along.filter((mm) => mm !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const stated = known.length === along.length;
  if (!stated || !(high - low > least) || high - low === Infinity) return null;
  return known.map((mm) => (mm - low) / (high - low));
}
