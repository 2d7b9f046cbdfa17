import { malformed, truncated } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import { concat } from "../../core/bytes.ts";
import type { DicomLayout } from "./layout.ts";

/**
 * The bytes of one frame of encapsulated pixel data (PS3.5 §A.4). Where frames have several fragments, the offset
 * table says where each begins, or else the start marker of its codestream does.
 *
 * @throws {EdgeError} where the fragments cannot be assigned to the frames.
 */
export function encapsulatedFrame(
  layout: DicomLayout,
  frame: number,
): Uint8Array {
  const { frames } = layout;
  const [table, ...fragments] = encapsulatedPixels(layout);
  if (fragments.length === frames) return fragments[frame];
  if (frames === 1) return concat(fragments);

  const starts = startsByTable(table, fragments, frames) ??
    startsByMarker(fragments);
  if (starts.length !== frames) {
    throw malformed(
      `its ${fragments.length} fragments cannot be assigned to its ${frames} frames.`,
    );
  }
  return concat(fragments.slice(starts[frame], starts[frame + 1]));
}

/** The offset table and the fragments. @throws {EdgeError} for fewer fragments than frames. */
export function encapsulatedPixels(
  { dataset, frames }: DicomLayout,
): Uint8Array[] {
  const parts = dataset.fragments(TAG.pixelData) ?? [];
  if (parts.length === 0) {
    throw malformed("its compressed pixel data hold no fragments.");
  }
  if (parts.length - 1 < frames) {
    throw truncated(
      `after ${parts.length - 1} of the fragments of its ${frames} frames`,
    );
  }
  return parts;
}

/** The first fragment of every frame by the basic offset table, or undefined where that is empty. */
function startsByTable(
  table: Uint8Array,
  fragments: Uint8Array[],
  frames: number,
): number[] | undefined {
  if (table.length !== 4 * frames) return undefined;
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const starts: number[] = [];
  for (let fragment = 0, at = 0; fragment < fragments.length; fragment++) {
    if (
      starts.length < frames && view.getUint32(4 * starts.length, true) === at
    ) starts.push(fragment);
    at += 8 + fragments[fragment].length;
  }
  return starts;
}

/** The fragments that begin with JPEG's start of image or JPEG 2000's start of codestream. */
function startsByMarker(fragments: Uint8Array[]): number[] {
  const starts: number[] = [];
  fragments.forEach((bytes, i) => {
    const begins = bytes[0] === 0xff &&
      (bytes[1] === 0xd8 || (bytes[1] === 0x4f && bytes[2] === 0xff));
    if (begins) starts.push(i);
  });
  return starts;
}
