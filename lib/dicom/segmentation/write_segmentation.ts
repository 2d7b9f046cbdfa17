import type { Bytes } from "../../core/bytes.ts";
import type { Mask } from "../../core/mask.ts";
import { TAG } from "../data_set/tags.ts";
import { deriveUid, SEGMENTATION_STORAGE } from "../data_set/uid.ts";
import { EdgeError } from "../../core/errors.ts";
import { optional, type WriteElement } from "../data_set/write.ts";
import { identityOf, imagesAsParts, writeDerived } from "./derived_object.ts";
import { cannotWrite, type ImageSource, requireSizeOf } from "./read_source.ts";
import type { SegmentDescription } from "./segment_description.ts";
import {
  coded,
  dimensions,
  inOneSet,
  perFrameGroups,
  reference,
  sharedGroups,
} from "./elements.ts";

/** A mask, and the image on which it was drawn. The mask may be a getter: few are held at once. */
export interface SegmentedImage {
  source: ImageSource;
  readonly mask: Mask;
}

/** Most bytes of the frames of one file: 4096 of 512×512 pixels. */
const MAX_PIXEL_BYTES = 2 ** 27;

/**
 * Writes a DICOM segmentation (PS3.3 §A.51) of one binary segment with a frame for every image: it refers to the
 * images, lies where they lie, and belongs to their patient and study.
 *
 * Its UIDs follow from the images, the segment, the model and the masks, and its dates are the first image's, so that
 * equal input gives equal bytes.
 *
 * @param images at least one, all of one series.
 * @throws {EdgeError} `invalid-input` for images of several series or sizes, masks of other sizes than their images, or a
 * label that cannot be written beside the images' attributes; `too-large` for more frames than one file may hold.
 */
export function writeSegmentation(
  images: SegmentedImage[],
  segment: SegmentDescription,
): Bytes {
  const sources = images.map(({ source }) => source);
  const image = requireOneSeries(images);
  const { label, shared } = inOneSet(segment.label, image);
  const first = { ...image, shared };
  const isPlaced = sources.every(({ geometry }) => geometry !== null);
  const { width, height, lossy } = first;
  const pixels = packBits(images);
  const identity = identityOf(segment);
  const instance = deriveUid(
    "instance",
    ...identity,
    ...imagesAsParts(sources),
    pixels,
  );
  const organization = deriveUid("dimensions", instance);
  const contents: WriteElement[] = [
    [TAG.imageType, "CS", "DERIVED\\PRIMARY"],
    [TAG.contentDate, "DA", first.date],
    [TAG.contentTime, "TM", first.time],
    [TAG.referencedSeries, "SQ", [referencedSeries(first.series, sources)]],
    ...optional(TAG.patientOrientation, "CS", isPlaced ? null : ""),
    ...optional(TAG.frameOfReference, "UI", first.frameOfReference),
    [TAG.dimensionOrganizations, "SQ", [
      [[TAG.dimensionOrganization, "UI", organization]],
    ]],
    [TAG.dimensionIndex, "SQ", dimensions(organization, isPlaced)],
    [TAG.samples, "US", [1]],
    [TAG.photometric, "CS", "MONOCHROME2"],
    [TAG.frames, "IS", String(images.length)],
    [TAG.rows, "US", [height]],
    [TAG.columns, "US", [width]],
    [TAG.bitsAllocated, "US", [1]],
    [TAG.bitsStored, "US", [1]],
    [TAG.highBit, "US", [0]],
    [TAG.signed, "US", [0]],
    [TAG.lossy, "CS", lossy === null ? "00" : "01"],
    ...optional(TAG.lossyRatio, "DS", lossy?.ratio),
    ...optional(TAG.lossyMethod, "CS", lossy?.method),
    [TAG.segmentationType, "CS", "BINARY"],
    [TAG.segments, "SQ", [describe(segment, label)]],
    [TAG.segmentsOverlap, "CS", "NO"],
    [TAG.contentLabel, "CS", "SEGMENTATION"],
    [TAG.contentDescription, "LO", ""],
    [TAG.contentCreator, "PN", ""],
    [TAG.sharedGroups, "SQ", [sharedGroups(first, isPlaced)]],
    [TAG.perFrameGroups, "SQ", perFrameGroups(sources, isPlaced)],
    [TAG.pixelData, "OB", pixels],
  ];
  return writeDerived(first, {
    sopClass: SEGMENTATION_STORAGE,
    sopInstance: instance,
    series: deriveUid("series", first.series, ...identity),
    modality: "SEG",
    description: `Segmentation: ${label}`,
    model: segment.model,
    contents,
  }, "explicit");
}

/** The first image's source, with which all others must agree. */
function requireOneSeries(images: SegmentedImage[]): ImageSource {
  const first = images[0]?.source;
  if (first === undefined) throw cannotWrite("it has no images");
  for (const { source } of images) {
    const same = source.series === first.series &&
      source.width === first.width && source.height === first.height &&
      source.frameOfReference === first.frameOfReference &&
      source.geometry?.orientation === first.geometry?.orientation &&
      source.geometry?.spacing === first.geometry?.spacing;
    if (!same) {
      throw cannotWrite(
        "its images must be of one series, size and orientation",
      );
    }
  }
  return first;
}

/** Frames of single bits one after the other, the lowest bit of a byte first (PS3.5 §8.1.1). */
function packBits(images: SegmentedImage[]): Uint8Array {
  const [{ source: { width, height } }] = images as [SegmentedImage];
  const count = images.length * width * height;
  if (count / 8 > MAX_PIXEL_BYTES) {
    throw new EdgeError(
      "too-large",
      `Cannot write a DICOM segmentation: its ${images.length} frames of ${width}×${height} pixels fill ` +
        `${
          Math.ceil(count / 8)
        } bytes; at most ${MAX_PIXEL_BYTES} are written.`,
    );
  }
  const out = new Uint8Array(2 * Math.ceil(count / 16));
  let bit = 0;
  for (const { source, mask } of images) {
    requireSizeOf(source, mask);
    for (const value of mask.data) {
      if (value !== 0) out[bit >> 3]! |= 1 << (bit & 7);
      bit++;
    }
  }
  return out;
}

function describe(
  { category, property, region, model }: SegmentDescription,
  label: string,
): WriteElement[] {
  return [
    [TAG.segmentNumber, "US", [1]],
    [TAG.segmentLabel, "LO", label],
    coded(TAG.propertyCategory, category),
    coded(TAG.propertyType, property),
    ...(region === undefined ? [] : [coded(TAG.anatomicRegion, region)]),
    [TAG.algorithmType, "CS", model === null ? "MANUAL" : "SEMIAUTOMATIC"],
    ...optional(TAG.algorithmName, "LO", model === null ? null : "P2SAM"),
  ];
}

/** The images referred to, each once (PS3.3 §C.12.2). */
function referencedSeries(
  series: string,
  sources: ImageSource[],
): WriteElement[] {
  const instances = new Map(
    sources.map((source) => [source.sopInstance, reference(source)]),
  );
  return [
    [TAG.referencedInstances, "SQ", [...instances.values()]],
    [TAG.seriesInstance, "UI", series],
  ];
}
