import { malformed, truncated } from "../data_set/data_set.ts";
import { concat } from "../../core/bytes.ts";
import type { DicomLayout } from "./layout.ts";
import { syntaxOf } from "./transfer_syntax.ts";

/**
 * The bytes of one frame of encapsulated pixel data (PS3.5 §A.4). Where frames have several fragments, the offset
 * table says where each begins; where it does not, the start of its codestream does.
 *
 * @throws {EdgeError} where the fragments cannot be assigned to the frames.
 */
export function encapsulatedFrame(
  layout: DicomLayout,
  frame: number,
): Uint8Array {
  const { frames } = layout;
  const [table, ...fragments] = encapsulatedPixels(layout);
  // An empty fragment belongs to no frame.
  const filled = fragments.filter(({ length }) => length > 0);
  if (filled.length === frames) return filled[frame];

  const byTable = startsByTable(table, fragments, frames);
  if (byTable !== undefined) {
    return concat(fragments.slice(byTable[frame], byTable[frame + 1]));
  }
  const starts = startsByMarker(filled);
  if (frames === 1) return concat(filled.slice(0, starts[1]));
  if (starts.length !== frames) {
    throw malformed(
      `its ${filled.length} fragments cannot be assigned to its ${frames} frames.`,
    );
  }
  return concat(filled.slice(starts[frame], starts[frame + 1]));
}

/** The offset table and the fragments. @throws {EdgeError} for fewer fragments than frames. */
export function encapsulatedPixels(
  { pixels: { fragments = [] }, frames }: DicomLayout,
): Uint8Array[] {
  if (fragments.length === 0) {
    throw malformed("its compressed pixel data hold no fragments.");
  }
  if (fragments.length - 1 < frames) {
    throw truncated(
      `after ${fragments.length - 1} of the fragments of its ${frames} frames`,
    );
  }
  return fragments;
}

/** The first fragment of every frame by the basic offset table, or undefined where that is empty or wrong. */
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
  return starts.length === frames ? starts : undefined;
}

/** The fragments with which a codestream begins. */
function startsByMarker(fragments: Uint8Array[]): number[] {
  return fragments.flatMap((bytes, i) =>
    syntaxOf(bytes) === undefined ? [] : [i]
  );
}
