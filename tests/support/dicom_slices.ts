import { TAG } from "../../lib/dicom/data_set/tags.ts";
import {
  writeDicom,
  type WriteElement,
} from "../../lib/dicom/data_set/write.ts";
import type { Raster } from "../../lib/core/raster.ts";
import { pixelModule } from "./dicom_files.ts";

const CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2";

export interface Stack {
  series?: string;
  frameOfReference?: string | null;
  /** Image Orientation (Patient). */
  orientation?: string;
  /** Image Position (Patient) of each picture; on the z axis, 2.5 mm apart, where left out. */
  positions?: string[];
  /** Pixel Spacing: between rows, then between columns. */
  spacing?: string;
  /** Patient's Name. */
  name?: string | Uint8Array;
  /** Further elements. */
  more?: WriteElement[];
}

/** A DICOM file of one slice for each grey picture, as scanners write a series. */
export function toSlices(
  pictures: Pick<Raster, "width" | "height" | "data">[],
  {
    series = "2.25.503",
    frameOfReference = "2.25.504",
    orientation = "1\\0\\0\\0\\1\\0",
    positions = pictures.map((_, i) => `-90.5\\-70.25\\${2.5 * i - 40}`),
    spacing = "0.8\\0.7",
    name = "Roe^Richard",
    more = [],
  }: Stack = {},
): Uint8Array<ArrayBuffer>[] {
  return pictures.map(({ width, height, data }, i) => {
    const instance = `${series}.${i + 1}`;
    const place: WriteElement[] = frameOfReference === null ? [] : [
      [TAG.frameOfReference, "UI", frameOfReference],
      [TAG.imagePosition, "DS", positions[i]!],
      [TAG.imageOrientation, "DS", orientation],
      [TAG.pixelSpacing, "DS", spacing],
      [TAG.sliceThickness, "DS", "2.5"],
    ];
    return writeDicom(
      { classUid: CT_IMAGE, instanceUid: instance },
      { uid: "2.25.1", name: "TEST" },
      [
        [TAG.sopClass, "UI", CT_IMAGE],
        [TAG.sopInstance, "UI", instance],
        [TAG.studyInstance, "UI", "2.25.502"],
        [TAG.seriesInstance, "UI", series],
        [TAG.studyDate, "DA", "20200102"],
        [TAG.studyTime, "TM", "030405"],
        [TAG.modality, "CS", "CT"],
        [TAG.patientName, "PN", name],
        [TAG.patientId, "LO", "hidden-4711"],
        [TAG.instanceNumber, "IS", `${i + 1}`],
        ...place,
        ...more,
        ...pixelModule({ width, height }, data),
      ],
    );
  });
}

/** Planes that are parallel to none of the body, 2.5 mm apart. */
export function obliqueStack(count: number): Stack {
  const normal = [0.25, -0.9330127, 0.2588190];
  const corner = [-321.0625, 12.5, -1000];
  return {
    orientation: "0.9659258\\0.258819\\0\\-0.0669873\\0.25\\0.9659258",
    positions: Array.from(
      { length: count },
      (_, i) =>
        corner.map((mm, axis) => (mm + 2.5 * i * normal[axis]).toFixed(6))
          .join("\\"),
    ),
  };
}
