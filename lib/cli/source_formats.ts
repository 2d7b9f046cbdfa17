import { join } from "node:path";
import {
  type SegmentedImage,
  writeSegmentation,
} from "../dicom/segmentation/write_segmentation.ts";
import type { SegmentDescription } from "../dicom/segmentation/segment_description.ts";
import { readSource } from "../dicom/segmentation/read_source.ts";
import { writeMaskVolume } from "../codecs/nifti/write_mask.ts";
import { decodeRle, type Rle } from "../format/mask/rle.ts";
import { sniffMediaType } from "../image/media_type.ts";
import { naming, readNamed } from "./arguments.ts";

/** The mask of a frame of a file. */
export interface FrameMask {
  /** The file, and what its results are called. */
  path: string;
  target: string;
  frame: number;
  mask: Rle;
}

/**
 * Writes masks in the format of the images they are of: of every series of DICOM images one
 * segmentation (several, numbered, where a file's frames differ in orientation or spacing), of every
 * NIfTI volume one volume. Other images have no such format.
 *
 * @param masks in the order of their files and frames.
 * @param warn told of what cannot be written; the rest is.
 * @returns the files written.
 */
export async function writeOwnFormats(
  masks: FrameMask[],
  segment: SegmentDescription,
  out: string,
  warn: (line: string) => void,
): Promise<string[]> {
  const written: string[] = [];
  const series = new Map<
    string,
    { target: string; images: SegmentedImage[] }
  >();
  for (const [path, frames] of Map.groupBy(masks, ({ path }) => path)) {
    try {
      await naming(path, async () => {
        const type = sniffMediaType(await headOf(path));
        if (type !== "application/x-nifti" && type !== "application/dicom") {
          return;
        }
        const bytes = await readNamed(path);
        const [{ target }] = frames;
        if (type === "application/x-nifti") {
          const file = join(out, `${target}_mask.nii.gz`);
          const slices = frames.map(({ frame, mask }) => ({
            index: frame,
            mask: decodeRle(mask),
          }));
          await Deno.writeFile(file, await writeMaskVolume(bytes, slices));
          written.push(file);
        } else {
          for (const { frame, mask } of frames) {
            const source = readSource(bytes, frame);
            const { series: uid, width, height, geometry } = source;
            const { orientation, spacing } = geometry ?? {};
            const { frameOfReference: place } = source;
            const key = [uid, width, height, place, orientation, spacing]
              .join("|");
            const group = series.get(key) ?? { target, images: [] };
            group.images.push({ source, mask: decodeRle(mask) });
            series.set(key, group);
          }
        }
      });
    } catch (error) {
      warn((error as Error).message);
    }
  }
  const byTarget = Map.groupBy(series.values(), ({ target }) => target);
  for (const [target, groups] of byTarget) {
    for (const [i, { images }] of groups.entries()) {
      const number = groups.length > 1 ? `_${i}` : "";
      const file = join(out, `${target}_seg${number}.dcm`);
      try {
        await Deno.writeFile(file, writeSegmentation(images, segment));
        written.push(file);
      } catch (error) {
        warn(`Cannot write ${file}: ${(error as Error).message}`);
      }
    }
  }
  return written;
}

/** As many bytes as tell what a file is. */
async function headOf(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = new Uint8Array(348);
  return head.subarray(0, await file.read(head) ?? 0);
}
