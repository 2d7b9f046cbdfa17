import { EdgeError } from "../../core/errors.ts";
import { type FileFrames, requireFrame } from "../../core/frames.ts";
import type { NiftiHeader } from "./header.ts";

/** The slices of a volume as frames of a file: slice (z, t) is frame t · slices + z. */
export function framesOfNifti({ slices, volumes }: NiftiHeader): FileFrames {
  const count = slices * volumes;
  const positions = Array.from(
    { length: count },
    (_, i) => slices > 1 ? (i % slices) / (slices - 1) : 0,
  );
  return { count, positions: count > 1 ? positions : null, along: null };
}

/**
 * The slice that is wanted; the only one where none is named.
 *
 * @throws {EdgeError} `frame-choice` where there are several and none is named, or where the one named does not
 * exist.
 */
export function chooseSlice(header: NiftiHeader, slice?: number): number {
  const { count } = framesOfNifti(header);
  if (slice === undefined && count > 1) {
    throw new EdgeError(
      "frame-choice",
      `Cannot read the image: it is a volume of ${count} slices; choose one with frame, from 0 to ${
        count - 1
      }.`,
    );
  }
  const wanted = slice ?? 0;
  requireFrame(wanted, count);
  return wanted;
}
