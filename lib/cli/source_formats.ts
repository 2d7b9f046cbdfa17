import { join } from "node:path";
import type { SegmentDescription } from "../dicom/segmentation/segment_description.ts";
import {
  type SegmentedImage,
  writeSegmentation,
} from "../dicom/segmentation/write_segmentation.ts";
import { usingFile } from "../core/files.ts";
import { readSource } from "../dicom/segmentation/read_source.ts";
import { writeMaskVolume } from "../codecs/nifti/write_mask.ts";
import { decodeRle, type Rle } from "../format/mask/rle.ts";
import { FORMATS } from "../image/formats.ts";
import { HEAD_BYTES, openImage, sniffMediaType } from "../image/media_type.ts";
import { readImageFile } from "../image/read_image_file.ts";
import type { VolumeHeader } from "../codecs/volume/header.ts";

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
 * Writes masks in the format of their images: one segmentation per series of DICOM images (several, numbered, where a
 * file's frames differ in orientation or spacing), one NIfTI volume per volume. Other formats are left out.
 *
 * @param masks in the order of their files and frames.
 * @param warn receives a line for each file that cannot be written; the others are.
 * @returns paths of the files written.
 */
export async function writeSourceFormats(
  masks: FrameMask[],
  segment: SegmentDescription,
  out: string,
  warn: (line: string) => void,
): Promise<string[]> {
  const written: string[] = [];
  const series: Series = new Map();
  for (const [path, frames] of Map.groupBy(masks, ({ path }) => path)) {
    try {
      await usingFile(path, async () => {
        const kind = sniffMediaType(await headOf(path));
        if (kind === undefined || FORMATS[kind].frames === undefined) return;
        const { type, bytes } = openImage(await readImageFile(path));
        const volume = FORMATS[type].volume?.(bytes);
        if (volume !== undefined) {
          written.push(await writeVolume(volume, frames, out));
        } else if (type === "application/dicom") {
          addToSeries(series, bytes, frames);
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

/** Images that go into one segmentation, by what they must have in common; called as the first file's results. */
type Series = Map<string, { target: string; images: SegmentedImage[] }>;

function addToSeries(
  series: Series,
  bytes: Uint8Array,
  frames: FrameMask[],
): void {
  for (const { target, frame, mask } of frames) {
    const source = readSource(bytes, frame);
    const { series: uid, width, height, frameOfReference, geometry } = source;
    const { orientation, spacing } = geometry ?? {};
    const key = [uid, width, height, frameOfReference, orientation, spacing]
      .join("|");
    const group = series.get(key) ?? { target, images: [] };
    group.images.push({ source, mask: decodeRle(mask) });
    series.set(key, group);
  }
}

/** @returns the path of the file. */
async function writeVolume(
  source: VolumeHeader,
  frames: FrameMask[],
  out: string,
): Promise<string> {
  const slices = frames.map(({ frame, mask }) => ({
    index: frame,
    mask: decodeRle(mask),
  }));
  const file = join(out, `${frames[0]?.target}_mask.nii.gz`);
  const volume = await writeMaskVolume(source, slices);
  await Deno.writeFile(file, volume);
  return file;
}

/** As many bytes as show the type of a file. */
async function headOf(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_BYTES);
  return head.subarray(0, await file.read(head) ?? 0);
}
