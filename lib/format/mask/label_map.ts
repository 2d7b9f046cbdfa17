import type { VolumeHeader } from "../../codecs/volume/header.ts";
import { niftiLabels } from "../../codecs/nifti/write_mask.ts";
import { nrrdLabels } from "../../codecs/nrrd/write_labels.ts";
import { encodePng } from "../../codecs/png/encode.ts";
import { gzipped, type LabelSlice } from "../../codecs/volume/label_slices.ts";
import { slicesOf } from "../../codecs/volume/slices.ts";
import type { Bytes } from "../../core/bytes.ts";
import { EdgeError, invalidInput, MAX_CHOICES } from "../../core/errors.ts";
import { checkSize, type ImageLimits } from "../../core/raster.ts";
import { readUprightSize } from "../../image/decode.ts";
import { readMask } from "../../image/decode_mask.ts";
import { FORMATS } from "../../image/formats.ts";
import { openImage } from "../../image/media_type.ts";
import { readVolumeHeader } from "../../image/volume.ts";
import { decodeRle, type Rle } from "./rle.ts";

/** How a label map is written. */
export interface LabelFile {
  form: "nifti" | "nifti-gzip" | "nrrd" | "png";
  /** Whether NRRD numbers have 16 bits; all others have 8. */
  wide?: boolean;
  /** Whether NRRD numbers are packed. */
  packed?: boolean;
}

/** The masks of one slice, and the number of each; where they overlap, the first one given stays. */
export interface LabelledSlice {
  /** From 0. */
  index: number;
  masks: { value: number; rle: Rle }[];
}

/** A label map that was written, and its labels that have voxels, in order. */
export interface LabelMapFile {
  bytes: Bytes;
  labels: {
    value: number;
    voxels: number;
    /** The mean of their indices along the three axes. */
    centre: [x: number, y: number, slice: number];
  }[];
}

/** A label of a map, and where it lies. */
export interface LabelPlaces {
  /** Null for a mask that holds one structure and no labels. */
  value: number | null;
  /** In order; pixels are those of the label. */
  slices: { index: number; pixels: number }[];
}

/** Grids that differ by less than this at a corner are one grid, in voxels. */
const SAME = 0.1;

/**
 * Finds the labels of a label map and the slices on which each lies. A volume must be on its image's grid.
 *
 * @throws {EdgeError} `invalid-input` for a map on another grid, or of values that are no labels.
 */
export async function findLabels(
  file: Uint8Array,
  image: Uint8Array,
  limits: ImageLimits,
): Promise<LabelPlaces[]> {
  const { type, bytes } = openImage(file);
  const header = FORMATS[type].volume?.(bytes);
  const grid = readVolumeHeader(image);
  if (header === undefined || grid === undefined) {
    return await labelsOfPicture(file, image, limits);
  }
  checkSize(header, limits);
  requireSameGrid(header, grid);
  if (header.channels !== 1) throw cannotUse("its voxels are colours");
  const found = new Map<number, LabelPlaces>();
  let index = 0;
  for await (const values of slicesOf(bytes, header, 0)) {
    const counts = new Map<number, number>();
    for (const value of values) {
      if (value !== 0) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    for (const [value, pixels] of counts) {
      if (!Number.isInteger(value) || found.size > MAX_CHOICES) {
        throw cannotUse("its values are no labels: whole numbers, 50 at most");
      }
      const label = found.get(value) ?? { value, slices: [] };
      label.slices.push({ index, pixels });
      found.set(value, label);
    }
    index++;
  }
  return [...found.values()].sort((a, b) => a.value! - b.value!);
}

/** A picture's labels are the choices that reading it as a mask leaves. */
async function labelsOfPicture(
  file: Uint8Array,
  image: Uint8Array,
  limits: ImageLimits,
): Promise<LabelPlaces[]> {
  const choice = { image: { bytes: image } };
  const read = async (segment?: string): Promise<LabelPlaces> => {
    const { reading } = await readMask(file, limits, {
      ...choice,
      ...(segment !== undefined && { segment }),
    });
    const value = segment === undefined ? null : Number(segment);
    return { value, slices: [{ index: 0, pixels: reading.pixels }] };
  };
  try {
    return [await read()];
  } catch (error) {
    const choices = error instanceof EdgeError ? error.choices : [];
    if (choices.length === 0) throw error;
    return await Promise.all(choices.map(read));
  }
}

function requireSameGrid(label: VolumeHeader, image: VolumeHeader): void {
  const isSameSize = (["width", "height", "slices", "volumes"] as const)
    .every((side) => label[side] === image[side]);
  if (isSameSize && areAlike(label, image)) return;
  const said = ({ width, height, slices, volumes }: VolumeHeader) =>
    `${width}×${height}×${slices}×${volumes}`;
  throw cannotUse(
    `it must lie on the grid of its image: it has ${
      said(label)
    } voxels, the image ${said(image)}${
      isSameSize ? ", and they lie elsewhere" : ""
    }`,
  );
}

/** Whether the corners of two grids of one size lie at the same places, where both state them. */
function areAlike(a: VolumeHeader, b: VolumeHeader): boolean {
  if (a.affine === null || b.affine === null) return true;
  const [p, q] = [a.affine, b.affine];
  const steps = [0, 1, 2].map((i) => Math.hypot(q[i]!, q[i + 4]!, q[i + 8]!));
  const most = SAME * Math.min(...steps);
  const ends = [[0, a.width - 1], [0, a.height - 1], [0, a.slices - 1]];
  return ends[0]!.every((i) =>
    ends[1]!.every((j) =>
      ends[2]!.every((k) => {
        const gap = [0, 4, 8].map((row) =>
          (p[row]! - q[row]!) * i + (p[row + 1]! - q[row + 1]!) * j +
          (p[row + 2]! - q[row + 2]!) * k + p[row + 3]! - q[row + 3]!
        );
        return Math.hypot(...gap) <= most;
      })
    )
  );
}

function cannotUse(why: string): EdgeError {
  return invalidInput(`Cannot use the label map: ${why}.`);
}

/**
 * Writes masks of an image as one label map on the image's grid: NIfTI or NRRD of a volume, PNG of a picture.
 *
 * @param slices in order.
 * @throws {EdgeError} `not-acceptable` for a form that the image cannot have.
 */
export async function writeLabels(
  image: Uint8Array,
  slices: LabelledSlice[],
  { form, wide = false, packed = true }: LabelFile,
): Promise<LabelMapFile> {
  const header = readVolumeHeader(image);
  if ((header === undefined) !== (form === "png")) {
    throw new EdgeError(
      "not-acceptable",
      header === undefined
        ? "Labels of a picture are written only as PNG: ask for .png."
        : "Labels of a volume are written as NIfTI or NRRD: ask for .nii.gz, .nii or .nrrd.",
    );
  }
  if (header === undefined) {
    const size = readUprightSize(image);
    const [first = { index: 0, masks: [] }] = slices;
    const painted = paint(first, size);
    return {
      bytes: encodePng({ ...painted, channels: 1 }),
      labels: measure([painted]),
    };
  }
  const painted = slices.map((slice) => paint(slice, header));
  const labels = measure(painted);
  if (form === "nrrd") {
    const parts = nrrdLabels(header, painted, {
      type: wide ? "uint16" : "uint8",
      encoding: packed ? "gzip" : "raw",
    });
    return { bytes: await joined(parts), labels };
  }
  const parts = niftiLabels(header, painted);
  const bytes = form === "nifti" ? await joined(parts) : await gzipped(parts);
  return { bytes, labels };
}

async function joined(parts: AsyncIterable<Bytes>): Promise<Bytes> {
  return await new Response(ReadableStream.from(parts)).bytes();
}

function measure(slices: LabelSlice[]): LabelMapFile["labels"] {
  const sums = new Map<number, [number, number, number, number]>();
  for (const { data, width, index } of slices) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (value === 0) continue;
      const sum = sums.get(value) ?? [0, 0, 0, 0];
      sum[0]++;
      sum[1] += i % width;
      sum[2] += Math.floor(i / width);
      sum[3] += index;
      sums.set(value, sum);
    }
  }
  return [...sums].sort(([a], [b]) => a - b).map(([value, [n, x, y, z]]) => ({
    value,
    voxels: n,
    centre: [x / n, y / n, z / n],
  }));
}

function paint(
  { index, masks }: LabelledSlice,
  { width, height }: { width: number; height: number },
): LabelSlice {
  const data = new Uint8Array(width * height);
  for (const { value, rle } of masks) {
    const [h, w] = rle.size;
    if (h !== height || w !== width) {
      throw invalidInput(
        `Cannot write the labels: a mask is ${w}×${h} pixels, its image ${width}×${height}.`,
      );
    }
    const mask = decodeRle(rle);
    for (let i = 0; i < data.length; i++) {
      if (mask.data[i] !== 0 && data[i] === 0) data[i] = value;
    }
  }
  return { index, width, height, data };
}
