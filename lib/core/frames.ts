import { EdgeError } from "./errors.ts";

/** Frames that a file may hold; an hour of video at 25 a second has 90,000. */
export const MAX_FRAMES = 100_000;

/** The frames of a file of one or many, known without decoding a pixel. */
export interface FileFrames {
  /** Frames of a DICOM image, pages of a TIFF file, slices (times volumes) of a NIfTI volume, 1 for other images. */
  count: number;
  /**
   * Where each frame lies along the volume, 0 to 1; null for a single frame. From the frames' geometry where a DICOM
   * file states it for each, otherwise from their order.
   */
  positions: number[] | null;
  /**
   * Millimetres of the first frame along the normal of its plane, in the patient's frame of reference: the
   * single-frame files of a series are sorted by it. Null where it is not stated.
   */
  along: number | null;
}

/** @throws {EdgeError} `frame-choice` for a frame that the file does not have. */
export function requireFrame(frame: number, frames: number): void {
  if (frame < frames) return;
  const why = `wanted frame ${frame}, but its frames count from 0 to ${
    frames - 1
  }`;
  throw new EdgeError("frame-choice", `Cannot read the image: ${why}.`);
}

/**
 * Positions between the first and the last place, 0 to 1.
 *
 * @param along millimetres, in any order.
 * @param least the outermost places must lie further apart than this, millimetres.
 * @returns null where a place is not stated, or where their extent is not above `least` or not finite.
 */
export function placesAlong(
  along: (number | null)[],
  least = 0,
): number[] | null {
  const known = along.filter((mm) => mm !== null);
  if (known.length < along.length) return null;
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const extent = known.reduce((a, b) => Math.max(a, b), -Infinity) - low;
  if (!(extent > least) || extent === Infinity) return null;
  return known.map((mm) => (mm - low) / extent);
}
