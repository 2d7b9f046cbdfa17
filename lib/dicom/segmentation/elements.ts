import { TAG } from "../data_set/tags.ts";
import { optional, type WriteElement } from "../data_set/write.ts";
import { decodeText } from "../data_set/character_set.ts";
import { cannotWrite, type ImageSource } from "./read_source.ts";
import type { Code } from "./segment_description.ts";

const SEGMENTATION = {
  value: "113076",
  scheme: "DCM",
  meaning: "Segmentation",
};
const SOURCE_IMAGE = {
  value: "121322",
  scheme: "DCM",
  meaning: "Source image for image processing operation",
};

/** A code sequence of one item (PS3.3 §8.8). */
export function coded(tag: number, code: Code): WriteElement {
  return [tag, "SQ", [[
    [TAG.codeValue, "SH", code.value],
    [TAG.codingScheme, "SH", code.scheme],
    [TAG.codeMeaning, "LO", toAscii(code.meaning)],
  ]]];
}

/** Text as 1 to 64 plain characters, which every character set has. */
const toAscii = (text: string) => tidy(text.replace(/[^\x20-\x7e]/g, "_"));

/** Text as 1 to 64 characters of one value, which a backslash would split in two. */
function tidy(text: string): string {
  const plain = text.replace(/[\p{Cc}\\]/gu, "_");
  return firstOf(plain, 64) || "Segment";
}

/** The first characters of a text. */
export const firstOf = (text: string, count: number) =>
  [...text].slice(0, count).join("").trim();

/** Value representations of texts in the character set of the file, of which names and the like are. */
const IN_SET = ["LO", "PN", "SH"];

/**
 * A label, and the attributes of patient and study beside which it is written, in one character set: the image's, or
 * Unicode where the label needs it.
 *
 * @throws {EdgeError} `invalid-input` where the label needs it and the attributes cannot be brought into it.
 */
export function inOneSet(
  label: string,
  { shared }: ImageSource,
  what?: string,
): { label: string; shared: WriteElement[] } {
  if (/^[\x20-\x7e]*$/.test(label)) return { label: tidy(label), shared };
  const set = shared.find(([tag]) => tag === TAG.characterSet)?.[2] ?? "";
  const terms = typeof set === "string"
    ? set
    : new TextDecoder().decode(set as Uint8Array);
  const others = shared.flatMap(([tag, vr, value]): WriteElement[] => {
    if (tag === TAG.characterSet) return [];
    if (!(value instanceof Uint8Array) || !IN_SET.includes(vr)) {
      return [[tag, vr, value]];
    }
    const text = decodeText(value, terms);
    if (text !== null) return [[tag, vr, text]];
    throw cannotWrite(
      "the label needs Unicode, and the image's attributes of patient and study are not text in a character set that is " +
        "known; give a label of plain ASCII characters",
      what,
    );
  });
  const unicode: WriteElement = [TAG.characterSet, "CS", "ISO_IR 192"];
  return { label: tidy(label.normalize()), shared: [unicode, ...others] };
}

/** The attributes that refer to an image. */
export function reference(
  { sopClass, sopInstance }: ImageSource,
): WriteElement[] {
  return [
    [TAG.referencedClass, "UI", sopClass],
    [TAG.referencedInstance, "UI", sopInstance],
  ];
}

/** The attributes that refer to an image, and to its frame where it has several. */
export function frameReference(source: ImageSource): WriteElement[] {
  const { frame } = source;
  return [
    ...reference(source),
    ...optional(
      TAG.referencedFrames,
      "IS",
      frame === null ? null : String(frame + 1),
    ),
  ];
}

/** Frames are indexed by segment, then by position, or by order where there is none (PS3.3 §C.7.6.17). */
export function dimensions(
  organization: string,
  isPlaced: boolean,
): WriteElement[][] {
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
    isPlaced
      ? dimension(TAG.imagePosition, TAG.planePosition, "Image Position")
      : dimension(TAG.inStackPosition, TAG.frameContent, "In-Stack Position"),
  ];
}

/** The functional groups that all frames share (PS3.3 §C.7.6.16): orientation and pixel measures. */
export function sharedGroups(
  { geometry }: ImageSource,
  isPlaced: boolean,
): WriteElement[] {
  if (geometry === null || !isPlaced) return [];
  const { orientation, spacing, thickness } = geometry;
  return [
    [TAG.planeOrientation, "SQ", [[[TAG.imageOrientation, "DS", orientation]]]],
    [TAG.pixelMeasures, "SQ", [[
      ...optional(TAG.sliceThickness, "DS", thickness || null),
      [TAG.pixelSpacing, "DS", spacing],
    ]]],
  ];
}

/** The functional groups of each frame: its source image, its place, and its segment, which is the first. */
export function perFrameGroups(
  sources: ImageSource[],
  isPlaced: boolean,
): WriteElement[][] {
  return sources.map((source, i) => {
    const { geometry } = source;
    const position = isPlaced ? geometry?.position : undefined;
    return [
      [TAG.derivationImages, "SQ", [[
        [TAG.sourceImages, "SQ", [[
          ...frameReference(source),
          [TAG.locationsPreserved, "CS", "YES"],
          coded(TAG.purposeCode, SOURCE_IMAGE),
        ]]],
        coded(TAG.derivationCode, SEGMENTATION),
      ]]],
      [TAG.frameContent, "SQ", [[
        ...optional(TAG.stackId, "SH", isPlaced ? null : "1"),
        ...optional(TAG.inStackPosition, "UL", isPlaced ? null : [i + 1]),
        [TAG.dimensionIndexValues, "UL", [1, i + 1]],
      ]]],
      ...optional(
        TAG.planePosition,
        "SQ",
        position && [[[TAG.imagePosition, "DS", position]]],
      ),
      [TAG.segmentIdentification, "SQ", [[
        [TAG.referencedSegment, "US", [1]],
      ]]],
    ];
  });
}
