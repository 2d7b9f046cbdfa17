import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import type { Grid } from "../data_set/grid.ts";
import { TAG } from "../data_set/tags.ts";
import {
  deriveUid,
  STRUCTURE_SET_STORAGE,
  STUDY_CLASS,
} from "../data_set/uid.ts";
import type { WriteElement } from "../data_set/write.ts";
import {
  identityOf,
  imagesAsParts,
  writeDerived,
} from "../segmentation/derived_object.ts";
import {
  coded,
  firstOf,
  frameReference,
  inOneSet,
} from "../segmentation/elements.ts";
import { cannotWrite, type ImageSource } from "../segmentation/read_source.ts";
import type { SegmentDescription } from "../segmentation/segment_description.ts";
import { contourData } from "./contour_data.ts";
import { joinHoles, type Ring } from "./join_holes.ts";

/** The outlines of a mask, and the image on which it was drawn. They may be a getter: few are held at once. */
export interface OutlinedImage {
  source: ImageSource;
  readonly rings: Ring[];
}

/** Most points of the contours of one file; those of an organ in a whole CT are some 100,000. */
const MAX_POINTS = 2_000_000;

/** The structure's number, as everywhere in the file. */
const NUMBER: WriteElement[] = [[TAG.contourStructure, "IS", "1"]];

/** Colours that are told apart by most people (Okabe and Ito), without black. */
const COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
];

/** Categories whose structures are of the type ORGAN. Whether a lesion is a target of treatment is for a person to say. */
const ORGANS = ["123037004", "113343008"];

/**
 * Writes a structure set of radiotherapy (RTSTRUCT, PS3.3 §A.19) of one structure: closed planar contours on each image
 * that has some, in the frame of reference of the images, to which it refers. It belongs to their patient and study.
 *
 * UIDs and dates follow from the input, as those of a segmentation, so that equal input gives equal bytes. Elements are
 * written without value representations, as those with them hold no more than 65,534 bytes of decimal strings.
 *
 * @param images at least one, all of one series and frame of reference.
 * @throws {EdgeError} `invalid-input` for images of several series or frames of reference, or without a place in one, and
 * for a label that cannot be written beside the images' attributes; `too-large` for more points than one file may hold.
 */
export function writeStructureSet(
  images: OutlinedImage[],
  structure: SegmentDescription,
): Bytes {
  const sources = images.map(({ source }) => source);
  const { first: image, reference } = requireOneSpace(sources);
  const { label, shared } = inOneSet(structure.label, image, "structure set");
  const first = { ...image, shared };
  const identity = identityOf(structure);
  const contours = contoursOf(images);
  const instance = deriveUid(
    "structure set",
    ...identity,
    ...imagesAsParts(sources),
    ...contours.map(({ data }) => data),
  );
  const [red, green, blue] = COLOURS[colourOf(structure.label)]!;
  const contents: WriteElement[] = [
    [TAG.operatorsName, "PN", ""],
    [TAG.frameOfReference, "UI", reference],
    [TAG.structureSetLabel, "SH", firstOf(label, 16)],
    [TAG.structureSetName, "LO", label],
    [TAG.structureSetDate, "DA", first.date],
    [TAG.structureSetTime, "TM", first.time],
    [TAG.framesOfReference, "SQ", [[
      [TAG.frameOfReference, "UI", reference],
      [TAG.referencedStudies, "SQ", [referencedStudy(first, sources)]],
    ]]],
    [TAG.structures, "SQ", [[
      [TAG.structureNumber, "IS", "1"],
      [TAG.structureFrameOfReference, "UI", reference],
      [TAG.structureName, "LO", label],
      [
        TAG.generationAlgorithm,
        "CS",
        structure.model === null ? "MANUAL" : "SEMIAUTOMATIC",
      ],
    ]]],
    [TAG.structureContours, "SQ", [[
      [TAG.displayColour, "IS", `${red}\\${green}\\${blue}`],
      // A structure that is absent has none, and a sequence has at least one item.
      ...(contours.length === 0 ? [] : [
        [TAG.contours, "SQ", contours.map(describe)] satisfies WriteElement,
      ]),
      ...NUMBER,
    ]]],
    [TAG.observations, "SQ", [[
      [TAG.observationNumber, "IS", "1"],
      ...NUMBER,
      coded(TAG.propertyCategory, structure.category),
      coded(TAG.structureCode, structure.property),
      [
        TAG.interpretedType,
        "CS",
        ORGANS.includes(structure.category.value) ? "ORGAN" : "",
      ],
      [TAG.interpreter, "PN", ""],
    ]]],
    [TAG.approvalStatus, "CS", "UNAPPROVED"],
  ];
  return writeDerived(first, {
    sopClass: STRUCTURE_SET_STORAGE,
    sopInstance: instance,
    series: deriveUid("structure sets", first.series, ...identity),
    modality: "RTSTRUCT",
    description: `Contours: ${label}`,
    model: structure.model,
    contents,
  }, "implicit");
}

/** An image that has a place, as contours need. */
type PlacedSource = ImageSource & { grid: Grid; frameOfReference: string };

/** @throws {EdgeError} `invalid-input` for an image on which no contour can be placed. */
export function requirePlaced(
  source: ImageSource,
): asserts source is PlacedSource {
  if (source.grid !== null && source.frameOfReference !== null) return;
  throw cannotWrite(
    "contours lie in the patient's coordinates, and the image does not state its position, orientation, pixel " +
      "spacing and frame of reference",
    "structure set",
  );
}

/** The first image and the frame of reference, in which all others lie too. */
function requireOneSpace(
  sources: ImageSource[],
): { first: ImageSource; reference: string } {
  const [first] = sources;
  if (first === undefined) {
    throw cannotWrite("it has no images", "structure set");
  }
  for (const source of sources) {
    requirePlaced(source);
    if (
      source.series !== first.series ||
      source.frameOfReference !== first.frameOfReference
    ) {
      throw cannotWrite(
        "its images must be of one series and frame of reference",
        "structure set",
      );
    }
  }
  return { first, reference: first.frameOfReference! };
}

interface ContourItem {
  source: ImageSource;
  points: number;
  data: string;
}

function contoursOf(images: OutlinedImage[]): ContourItem[] {
  let left = MAX_POINTS;
  return images.flatMap(({ source, rings }) =>
    joinHoles(rings).map((contour) => {
      requirePlaced(source);
      left -= contour.length;
      if (left < 0) {
        throw new EdgeError(
          "too-large",
          `Cannot write a structure set: its contours have more than ${MAX_POINTS} points.`,
        );
      }
      const data = contourData(contour, source.grid);
      return { source, points: contour.length, data };
    })
  );
}

function describe({ source, points, data }: ContourItem): WriteElement[] {
  return [
    [TAG.contourImages, "SQ", [frameReference(source)]],
    [TAG.contourType, "CS", "CLOSED_PLANAR"],
    [TAG.contourPoints, "IS", String(points)],
    [TAG.contourData, "DS", data],
  ];
}

/** The study and the series of the images, whether they have contours or not. */
function referencedStudy(
  { shared, series }: ImageSource,
  sources: ImageSource[],
): WriteElement[] {
  const [, , study = ""] = shared.find(([tag]) => tag === TAG.studyInstance) ??
    [];
  return [
    [TAG.referencedClass, "UI", STUDY_CLASS],
    [TAG.referencedInstance, "UI", study],
    [TAG.referencedRtSeries, "SQ", [[
      [TAG.seriesInstance, "UI", series],
      [TAG.contourImages, "SQ", sources.map(frameReference)],
    ]]],
  ];
}

/** A colour that follows from the name, so that structures of several files are told apart. */
function colourOf(label: string): number {
  let sum = 0;
  for (const character of label) sum = sum * 31 + character.charCodeAt(0) | 0;
  return Math.abs(sum) % COLOURS.length;
}
