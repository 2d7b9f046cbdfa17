import { join } from "node:path";
import { usingFile } from "../core/files.ts";
import type { SegmentDescription } from "../dicom/segmentation/segment_description.ts";
import type { DicomForm } from "../format/mask/dicom_masks.ts";
import {
  FILE_NAMES,
  MaskGroups,
  placeFrames,
  writeMasks,
} from "../format/mask/placed_masks.ts";
import type { Rle } from "../format/mask/rle.ts";
import { sourceTypeOf } from "../format/mask/source_format.ts";
import { HEAD_BYTES } from "../image/media_type.ts";
import { readImageFile } from "../image/read_image_file.ts";

/** The mask of a frame of a file. */
export interface FrameMask {
  /** The file. */
  path: string;
  /** Name of its results. */
  target: string;
  frame: number;
  mask: Rle;
}

/**
 * Writes masks in the format of their images: one segmentation or structure set per series of DICOM images (several,
 * numbered, where a file's frames cannot be in one), one NIfTI volume per volume. Other formats are left out.
 *
 * @param masks in the order of their files and frames.
 * @param form of DICOM images.
 * @param warn receives a line for each file that cannot be written; the others are.
 * @returns paths of the files written.
 */
export async function writeSourceFormats(
  masks: FrameMask[],
  segment: SegmentDescription,
  { out, form, warn }: {
    out: string;
    form: DicomForm;
    warn: (line: string) => void;
  },
): Promise<string[]> {
  const gathered = [new MaskGroups("nifti"), new MaskGroups(form)] as const;
  const [volumes, series] = gathered;
  for (const [path, frames] of Map.groupBy(masks, ({ path }) => path)) {
    const add = async () => {
      const type = sourceTypeOf(await headOf(path));
      if (type === undefined) return;
      const isDicom = type === "application/dicom";
      const file = await readImageFile(path);
      const places = placeFrames(file, isDicom ? form : "nifti");
      for (const { target, frame, mask } of frames) {
        const frameOf = { name: target, id: path, frame };
        (isDicom ? series : volumes).add(frameOf, places, mask);
      }
    };
    await usingFile(path, add).catch(({ message }) => warn(message));
  }
  const written: string[] = [];
  for (const { form, groups } of gathered) {
    const [what, ending] = FILE_NAMES[form];
    for (const [target, same] of Map.groupBy(groups, ({ name }) => name)) {
      for (const [i, group] of same.entries()) {
        const number = same.length > 1 ? `_${i}` : "";
        const file = join(out, `${target}${what}${number}${ending}`);
        try {
          await Deno.writeFile(file, await writeMasks(group, segment, form));
          written.push(file);
        } catch (error) {
          warn(`Cannot write ${file}: ${(error as Error).message}`);
        }
      }
    }
  }
  return written;
}

/** As many bytes as show the type of a file. */
async function headOf(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_BYTES);
  return head.subarray(0, await file.read(head) ?? 0);
}
