import type { Bytes } from "../../core/bytes.ts";
import type { Mask } from "../../core/mask.ts";
import { TAG } from "../data_set/tags.ts";
import { deriveUid, SEGMENTATION_STORAGE } from "../data_set/uid.ts";
import { optional, writeDicom, type WriteElement } from "../data_set/write.ts";
import { cannotWrite, type ImageSource } from "./read_source.ts";
import type { SegmentDescription } from "./segment_description.ts";
import {
  coded,
  dimensions,
  perFrameGroups,
  reference,
  sharedGroups,
  toAscii,
} from "./elements.ts";

/** A mask, and the image on which it was drawn. */
export interface SegmentedImage {
  source: ImageSource;
  mask: Mask;
}

const SOFTWARE = { uid: deriveUid("P2SAM Edge"), name: "P2SAM_EDGE_1" };

/**
 * Writes a DICOM segmentation (PS3.3 §A.51) of one binary segment with a frame for every image: it refers to the
 * images, lies where they lie, and belongs to their patient and study.
 *
 * Its UIDs follow from the images, the segment, the model and the masks, and its dates are the first image's, so that
 * equal input gives equal bytes.
 *
 * @param images at least one, all of one series.
 * @throws {EdgeError} `invalid-input` for images of several series or sizes, or masks of other sizes than their
 * images.
 */
export function writeSegmentation(
  images: SegmentedImage[],
  segment: SegmentDescription,
): Bytes {
  const sources = images.map(({ source }) => source);
  const first = requireOneSeries(images);
  const label = toAscii(segment.label);
  const isPlaced = sources.every(({ geometry }) => geometry !== null);
  const { width, height, lossy } = first;
  const pixels = packBits(images.map(({ mask }) => mask));
  const identity = [
    segment.model ?? "manual",
    label,
    ...[segment.category, segment.property, segment.region].map((code) =>
      JSON.stringify(code ?? null)
    ),
  ];
  const instance = deriveUid(
    "instance",
    ...identity,
    ...sources.map(({ sopInstance, frame }) => `${sopInstance}#${frame}`),
    pixels,
  );
  const organization = deriveUid("dimensions", instance);
  const dataset: WriteElement[] = [
    ...first.shared,
    [TAG.imageType, "CS", "DERIVED\\PRIMARY"],
    [TAG.sopClass, "UI", SEGMENTATION_STORAGE],
    [TAG.sopInstance, "UI", instance],
    [TAG.seriesDate, "DA", first.date],
    [TAG.contentDate, "DA", first.date],
    [TAG.seriesTime, "TM", first.time],
    [TAG.contentTime, "TM", first.time],
    [TAG.modality, "CS", "SEG"],
    [TAG.manufacturer, "LO", "P2SAM Edge"],
    [TAG.seriesDescription, "LO", `Segmentation: ${label}`.slice(0, 64)],
    [TAG.modelName, "LO", "P2SAM Edge"],
    [TAG.referencedSeries, "SQ", [referencedSeries(first.series, sources)]],
    [TAG.deviceSerialNumber, "LO", segment.model?.slice(0, 16) || "0"],
    [TAG.softwareVersions, "LO", SOFTWARE.name],
    [TAG.seriesInstance, "UI", deriveUid("series", first.series, ...identity)],
    [TAG.seriesNumber, "IS", "1"],
    [TAG.instanceNumber, "IS", first.instanceNumber],
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
  const sop = { classUid: SEGMENTATION_STORAGE, instanceUid: instance };
  return writeDicom(sop, SOFTWARE, dataset);
}

/** The first image's source, with which all others must agree. */
function requireOneSeries(images: SegmentedImage[]): ImageSource {
  const first = images[0]?.source;
  if (first === undefined) throw cannotWrite("it has no images");
  for (const { source, mask } of images) {
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
    if (mask.width !== source.width || mask.height !== source.height) {
      throw cannotWrite(
        `a mask is ${mask.width}×${mask.height} pixels, its image ${source.width}×${source.height}`,
      );
    }
  }
  return first;
}

/** Frames of single bits one after the other, the lowest bit of a byte first (PS3.5 §8.1.1). */
function packBits(masks: Mask[]): Uint8Array {
  const count = masks.reduce((sum, { data }) => sum + data.length, 0);
  const out = new Uint8Array(2 * Math.ceil(count / 16));
  let bit = 0;
  for (const { data } of masks) {
    for (const value of data) {
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
