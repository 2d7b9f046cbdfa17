import { TAG } from "../data_set/tags.ts";
import { deriveUid } from "../data_set/uid.ts";
import { writeDicom, type WriteElement } from "../data_set/write.ts";
import { invalidInput } from "../../core/errors.ts";
import { SEGMENTATION } from "./read_segment.ts";
import type { Mask } from "../../core/mask.ts";
import type { ImageSource } from "./read_source.ts";

/** A coded concept (PS3.3 §8): value, coding scheme designator, meaning. */
export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

/** Reads `value:scheme:meaning`, as `10200004:SCT:Liver`; null for any other text. */
export function parseCode(text: string): Code | null {
  const parts =
    /^([\w.-]{1,16}):([A-Z0-9_]{1,16}):([\x20-\x5b\x5d-\x7e]{1,64})$/.exec(
      text,
    );
  if (parts === null) return null;
  const [, value, scheme, meaning] = parts;
  return { value, scheme, meaning };
}

/** What a segment is said to be. */
export interface SegmentDescription {
  /** Name of the structure; characters beyond ASCII are written without their accents, or as `_`. */
  label: string;
  /** Segmented Property Category and Type, CID 7150 and those below it. */
  category: Code;
  property: Code;
  /** Anatomic region, for a finding in an organ. */
  region?: Code;
  /** Digest of the model that made the masks; null for those that a person answers for. */
  model: string | null;
}

/** What is said of a structure of which the caller says no more. */
export const TISSUE: Code = {
  value: "85756007",
  scheme: "SCT",
  meaning: "Tissue",
};

/** A mask, and the image on which it was drawn. */
export interface SegmentedImage {
  source: ImageSource;
  mask: Mask;
}

const SOFTWARE = { uid: deriveUid("P2SAM Edge"), name: "P2SAM_EDGE_1" };
const CONCEPT = {
  segmentation: { value: "113076", scheme: "DCM", meaning: "Segmentation" },
  source: {
    value: "121322",
    scheme: "DCM",
    meaning: "Source image for image processing operation",
  },
};

/**
 * Writes a DICOM segmentation (PS3.3 §A.51) of one binary segment, a frame for every image: it refers to
 * the images, lies where they lie, and belongs to their patient and study.
 *
 * Its UIDs follow from the images, the segment, the model and the masks, and its dates are the first
 * image's, so that equal input gives equal bytes.
 *
 * @param images at least one, all of one series.
 * @throws EdgeError `invalid-input` for images of several series or sizes, or masks of other sizes.
 */
export function writeSegmentation(
  images: SegmentedImage[],
  segment: SegmentDescription,
): Uint8Array<ArrayBuffer> {
  const [{ source: first }] = images;
  requireOneSeries(images);
  const label = toAscii(segment.label, 64);
  const placed = images.every(({ source }) => source.geometry !== null);
  const { width, height } = first;
  const pixels = packBits(images.map(({ mask }) => mask));
  const what = [
    segment.model ?? "manual",
    label,
    ...[segment.category, segment.property, segment.region].map((code) =>
      JSON.stringify(code ?? null)
    ),
  ];
  const instance = deriveUid(
    "instance",
    ...what,
    ...images.map(({ source }) => `${source.sopInstance}#${source.frame}`),
    pixels,
  );
  const organization = deriveUid("dimensions", instance);
  const dataset: WriteElement[] = [
    ...first.shared,
    [TAG.imageType, "CS", "DERIVED\\PRIMARY"],
    [TAG.sopClass, "UI", SEGMENTATION],
    [TAG.sopInstance, "UI", instance],
    [TAG.seriesDate, "DA", first.date],
    [TAG.contentDate, "DA", first.date],
    [TAG.seriesTime, "TM", first.time],
    [TAG.contentTime, "TM", first.time],
    [TAG.modality, "CS", "SEG"],
    [TAG.manufacturer, "LO", "P2SAM Edge"],
    [TAG.seriesDescription, "LO", `Segmentation: ${label}`.slice(0, 64)],
    [TAG.modelName, "LO", "P2SAM Edge"],
    [TAG.referencedSeries, "SQ", [referencedSeries(images)]],
    [TAG.deviceSerialNumber, "LO", segment.model?.slice(0, 16) || "0"],
    [TAG.softwareVersions, "LO", SOFTWARE.name],
    [TAG.seriesInstance, "UI", deriveUid("series", first.series, ...what)],
    [TAG.seriesNumber, "IS", "1"],
    [TAG.instanceNumber, "IS", first.instanceNumber],
    ...(placed ? [] : [[TAG.patientOrientation, "CS", ""] as WriteElement]),
    ...(first.frameOfReference === null ? [] : [
      [TAG.frameOfReference, "UI", first.frameOfReference] as WriteElement,
    ]),
    [TAG.dimensionOrganizations, "SQ", [
      [[TAG.dimensionOrganization, "UI", organization]],
    ]],
    [TAG.dimensionIndex, "SQ", dimensions(organization, placed)],
    [TAG.samples, "US", [1]],
    [TAG.photometric, "CS", "MONOCHROME2"],
    [TAG.frames, "IS", String(images.length)],
    [TAG.rows, "US", [height]],
    [TAG.columns, "US", [width]],
    [TAG.bitsAllocated, "US", [1]],
    [TAG.bitsStored, "US", [1]],
    [TAG.highBit, "US", [0]],
    [TAG.signed, "US", [0]],
    ...lossiness(first),
    [TAG.segmentationType, "CS", "BINARY"],
    [TAG.segments, "SQ", [describe(segment, label)]],
    [TAG.segmentsOverlap, "CS", "NO"],
    [TAG.contentLabel, "CS", "SEGMENTATION"],
    [TAG.contentDescription, "LO", ""],
    [TAG.contentCreator, "PN", ""],
    [TAG.sharedGroups, "SQ", [sharedGroups(first, placed)]],
    [TAG.perFrameGroups, "SQ", perFrame(images, placed)],
    [TAG.pixelData, "OB", pixels],
  ];
  const sop = { classUid: SEGMENTATION, instanceUid: instance };
  return writeDicom(sop, SOFTWARE, dataset);
}

function requireOneSeries(images: SegmentedImage[]): void {
  const [{ source: first }] = images;
  for (const { source, mask } of images) {
    const same = source.series === first.series &&
      source.width === first.width && source.height === first.height &&
      source.frameOfReference === first.frameOfReference &&
      source.geometry?.orientation === first.geometry?.orientation &&
      source.geometry?.spacing === first.geometry?.spacing;
    if (!same) {
      throw invalidInput(
        "Cannot write a DICOM segmentation: its images must be of one series, size and orientation.",
      );
    }
    if (mask.width !== source.width || mask.height !== source.height) {
      throw invalidInput(
        `Cannot write a DICOM segmentation: a mask is ${mask.width}×${mask.height} pixels, ` +
          `its image ${source.width}×${source.height}.`,
      );
    }
  }
}

/** Frames of single bits one after the other, the lowest bit of a byte first (PS3.5 §8.1.1). */
function packBits(masks: Mask[]): Uint8Array {
  const count = masks.reduce((sum, { data }) => sum + data.length, 0);
  const out = new Uint8Array(2 * Math.ceil(count / 16));
  let bit = 0;
  for (const { data } of masks) {
    for (const value of data) {
      if (value !== 0) out[bit >> 3] |= 1 << (bit & 7);
      bit++;
    }
  }
  return out;
}

function coded(tag: number, code: Code): WriteElement {
  return [tag, "SQ", [[
    [TAG.codeValue, "SH", code.value],
    [TAG.codingScheme, "SH", code.scheme],
    [TAG.codeMeaning, "LO", toAscii(code.meaning, 64)],
  ]]];
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
    ...(model === null
      ? [[TAG.algorithmType, "CS", "MANUAL"] as WriteElement]
      : [
        [TAG.algorithmType, "CS", "SEMIAUTOMATIC"],
        [TAG.algorithmName, "LO", "P2SAM"],
      ] as WriteElement[]),
  ];
}

function reference({ sopClass, sopInstance }: ImageSource): WriteElement[] {
  return [
    [TAG.referencedClass, "UI", sopClass],
    [TAG.referencedInstance, "UI", sopInstance],
  ];
}

/** The images referred to, each once (PS3.3 §C.12.2). */
function referencedSeries(images: SegmentedImage[]): WriteElement[] {
  const instances = new Map(
    images.map(({ source }) => [source.sopInstance, reference(source)]),
  );
  return [
    [TAG.referencedInstances, "SQ", [...instances.values()]],
    [TAG.seriesInstance, "UI", images[0].source.series],
  ];
}

/** Frames are indexed by segment, and by position or else by order (PS3.3 §C.7.6.17). */
function dimensions(organization: string, placed: boolean): WriteElement[][] {
  const dimension = (
    pointer: number,
    group: number,
    label: string,
  ): WriteElement[] => [
    [TAG.dimensionOrganization, "UI", organization],
    [TAG.dimensionPointer, "AT", [pointer]],
    [TAG.dimensionGroupPointer, "AT", [group]],
    [TAG.dimensionLabel, "LO", label],
  ];
  return [
    dimension(
      TAG.referencedSegment,
      TAG.segmentIdentification,
      "Segment Number",
    ),
    placed
      ? dimension(TAG.imagePosition, TAG.planePosition, "Image Position")
      : dimension(TAG.inStackPosition, TAG.frameContent, "In-Stack Position"),
  ];
}

function sharedGroups(
  { geometry }: ImageSource,
  placed: boolean,
): WriteElement[] {
  if (geometry === null || !placed) return [];
  const { orientation, spacing, thickness } = geometry;
  return [
    [TAG.planeOrientation, "SQ", [[[TAG.imageOrientation, "DS", orientation]]]],
    [TAG.pixelMeasures, "SQ", [[
      ...(thickness === "" ? [] : [
        [TAG.sliceThickness, "DS", thickness] as WriteElement,
      ]),
      [TAG.pixelSpacing, "DS", spacing],
    ]]],
  ];
}

function perFrame(
  images: SegmentedImage[],
  placed: boolean,
): WriteElement[][] {
  return images.map(({ source }, i) => {
    const { frame, geometry } = source;
    return [
      [TAG.derivationImages, "SQ", [[
        [TAG.sourceImages, "SQ", [[
          ...reference(source),
          ...(frame === null ? [] : [
            [TAG.referencedFrames, "IS", String(frame + 1)] as WriteElement,
          ]),
          [TAG.locationsPreserved, "CS", "YES"],
          coded(TAG.purposeCode, CONCEPT.source),
        ]]],
        coded(TAG.derivationCode, CONCEPT.segmentation),
      ]]],
      [TAG.frameContent, "SQ", [[
        ...(placed ? [] : [
          [TAG.stackId, "SH", "1"] as WriteElement,
          [TAG.inStackPosition, "UL", [i + 1]] as WriteElement,
        ]),
        [TAG.dimensionIndexValues, "UL", [1, i + 1]],
      ]]],
      ...(placed
        ? [
          [TAG.planePosition, "SQ", [[
            [TAG.imagePosition, "DS", geometry!.position],
          ]]] as WriteElement,
        ]
        : []),
      [TAG.segmentIdentification, "SQ", [[
        [TAG.referencedSegment, "US", [1]],
      ]]],
    ];
  });
}

function lossiness({ lossy }: ImageSource): WriteElement[] {
  if (lossy === null) return [[TAG.lossy, "CS", "00"]];
  return [
    [TAG.lossy, "CS", "01"],
    [TAG.lossyRatio, "DS", lossy.ratio],
    [TAG.lossyMethod, "CS", lossy.method],
  ];
}

/**
 * Plain characters, which every character set holds: the image's may be any. No backslash, which would
 * part the value in two.
 */
function toAscii(text: string, most: number): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]|\\/g, "_").slice(0, most).trim() || "Segment";
}
