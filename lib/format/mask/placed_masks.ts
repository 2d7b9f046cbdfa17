import { writeMaskVolume } from "../../codecs/nifti/write_mask.ts";
import type { VolumeHeader } from "../../codecs/volume/header.ts";
import type { Bytes } from "../../core/bytes.ts";
import { EdgeError, invalidInput } from "../../core/errors.ts";
import { dot, type Grid } from "../../dicom/data_set/grid.ts";
import {
  type ImageSource,
  sourceReader,
} from "../../dicom/segmentation/read_source.ts";
import type { SegmentDescription } from "../../dicom/segmentation/segment_description.ts";
import { FORMATS } from "../../image/formats.ts";
import { openImage } from "../../image/media_type.ts";
import { type DicomForm, requireFit, writeDicomMasks } from "./dicom_masks.ts";
import { decodeRle, type Rle } from "./rle.ts";

/** The formats in which masks lie where their images lie. */
export type PlacedForm = DicomForm | "nifti";

/** What is added to an image's name for the file of its masks, and the file's ending. */
export const FILE_NAMES: Record<PlacedForm, [what: string, ending: string]> = {
  seg: ["_seg", ".dcm"],
  rtstruct: ["_rtstruct", ".dcm"],
  nifti: ["_mask", ".nii.gz"],
};

/** Where the frames of a file lie: each frame of a DICOM image, or the slices of a volume. */
export type FramePlaces =
  | { kind: "dicom"; sources: ImageSource[] }
  | { kind: "volume"; header: VolumeHeader };

/** What each form takes its place from. */
const WANTED: Record<PlacedForm, [form: string, source: string]> = {
  seg: ["a DICOM segmentation", "a DICOM image"],
  rtstruct: ["an RTSTRUCT", "a DICOM image"],
  nifti: ["a NIfTI volume", "a volume (NIfTI, NRRD or MetaImage)"],
};

/**
 * Reads where the frames of a file lie; decodes no pixels.
 *
 * @throws {EdgeError} `unsupported-type` for a file of which masks cannot be written in this form; `invalid-input` for a
 * DICOM image to which nothing can refer; errors of reading.
 */
export function placeFrames(file: Uint8Array, form: PlacedForm): FramePlaces {
  const { type, bytes } = openImage(file);
  if (form !== "nifti" && type === "application/dicom") {
    const { frames, read } = sourceReader(bytes);
    const sources = Array.from({ length: frames }, (_, i) => read(i));
    for (const source of sources) requireFit(source, form);
    return { kind: "dicom", sources };
  }
  const header = form === "nifti" ? FORMATS[type].volume?.(bytes) : undefined;
  if (header !== undefined) return { kind: "volume", header };
  throw cannotPlace(form, type);
}

/** The error of an image of another type than a form needs. */
export function cannotPlace(form: PlacedForm, got: string): EdgeError {
  const [what, wanted] = WANTED[form];
  return new EdgeError(
    "unsupported-type",
    `Cannot write the mask as ${what}: wanted ${wanted}, got ${got}.`,
  );
}

/** Masks of images of one series. */
interface DicomGroup {
  kind: "dicom";
  /** What the file of the first of them was called. */
  name: string | null;
  images: { source: ImageSource; mask: Rle }[];
}

/** Masks of slices of one volume. */
interface VolumeGroup {
  kind: "volume";
  name: string | null;
  header: VolumeHeader;
  slices: { index: number; mask: Rle }[];
}

/** The masks that one file holds. */
export type MaskGroup = DicomGroup | VolumeGroup;

/** A file of which a mask is a frame. */
export interface FrameOf {
  name: string | null;
  /** Tells files apart. */
  id: string;
  /** From 0. */
  frame: number;
}

/** Most characters of run lengths that are kept; those of a hundred slices of an organ are some 100,000. */
const MAX_KEPT = 2 ** 26;

/**
 * Gathers masks of many images into as few files as can hold them: one for each volume; a segmentation for images of one
 * series, frame of reference, size, orientation and spacing; a structure set for those of one series and frame of
 * reference. Masks are kept as run lengths.
 */
export class MaskGroups {
  readonly #groups = new Map<string, { group: MaskGroup; number: number }>();
  readonly #seen = new Set<string>();
  #kept = 0;

  constructor(readonly form: PlacedForm) {}

  /**
   * @returns the number of its group, from 0.
   * @throws {EdgeError} `invalid-input` for an image that was added before; `too-large` where the masks are more than
   * are kept.
   */
  add({ name, id, frame }: FrameOf, places: FramePlaces, mask: Rle): number {
    this.#kept += mask.counts.length;
    if (this.#kept > MAX_KEPT) {
      throw new EdgeError(
        "too-large",
        `Cannot write the masks as one file: their run lengths have more than ${MAX_KEPT} characters.`,
      );
    }
    if (places.kind === "volume") {
      this.#requireNew(id, frame);
      const { header } = places;
      const empty: VolumeGroup = { kind: "volume", name, header, slices: [] };
      const { group, number } = this.#group(id, empty);
      group.slices.push({ index: frame, mask });
      return number;
    }
    const source = places.sources[frame]!;
    const key = keyOf(source, this.form);
    this.#requireNew(key, source.sopInstance, frame);
    const empty: DicomGroup = { kind: "dicom", name, images: [] };
    const { group: { images }, number } = this.#group(key, empty);
    // Of the patient and study, the first image's are written.
    const shared = images[0]?.source.shared ?? source.shared;
    images.push({ source: { ...source, shared }, mask });
    return number;
  }

  get groups(): MaskGroup[] {
    return Array.from(this.#groups.values(), ({ group }) => group);
  }

  #requireNew(...parts: (string | number)[]): void {
    const image = parts.join("#");
    if (this.#seen.has(image)) {
      throw invalidInput(
        "Cannot write the mask: the image came twice, or two images have one SOP instance UID.",
      );
    }
    this.#seen.add(image);
  }

  #group<T extends MaskGroup>(
    key: string,
    empty: T,
  ): { group: T; number: number } {
    const known = this.#groups.get(key) ??
      { group: empty, number: this.#groups.size };
    this.#groups.set(key, known);
    return known as { group: T; number: number };
  }
}

/** What images of one file must have in common. */
function keyOf(source: ImageSource, form: PlacedForm): string {
  const { series, frameOfReference, width, height, geometry } = source;
  const grid = form === "rtstruct"
    ? []
    : [width, height, geometry?.orientation, geometry?.spacing];
  return [series, frameOfReference, ...grid].join("|");
}

/**
 * Writes the masks of a group, the images of a stack in the order in which they lie.
 *
 * @param segment of a DICOM object; a volume has no place for it.
 * @throws {EdgeError} as the writers do.
 */
export async function writeMasks(
  group: MaskGroup,
  segment: SegmentDescription,
  form: PlacedForm,
): Promise<Bytes> {
  if (group.kind === "dicom") {
    const images = group.images.map(({ source, mask }) => ({
      source,
      get mask() {
        return decodeRle(mask);
      },
    }));
    images.sort((a, b) => heightOf(a.source.grid) - heightOf(b.source.grid));
    return writeDicomMasks(images, segment, form as DicomForm);
  }
  const slices = group.slices.toSorted((a, b) => a.index - b.index);
  const masks = slices.values().map(({ index, mask }) => ({
    index,
    mask: decodeRle(mask),
  }));
  return await writeMaskVolume(group.header, masks);
}

/** Millimetres of a plane along its own normal; 0 where it is not stated. */
const heightOf = (grid: Grid | null) =>
  grid === null ? 0 : dot(grid.normal, grid.origin);
