import { TAG } from "../../lib/dicom/data_set/tags.ts";
import {
  writeDicom,
  type WriteElement,
} from "../../lib/dicom/data_set/write.ts";
import { pixelModule } from "./dicom_files.ts";

const CLASS = "1.2.840.10008.5.1.4.1.1.7.2";
const AXIAL = "1\\0\\0\\0\\1\\0";

/**
 * A DICOM image whose frames are one black pixel each, at these values of Image Position (Patient). Frames without a
 * value of Image Orientation (Patient) are axial.
 */
export function dicomAt(
  positions: string[],
  orientations: string[] = [],
  frameOfReference = "2.25.4",
  series = "2.25.3",
): Uint8Array<ArrayBuffer> {
  const groups = (position: string, i: number): WriteElement[] => [
    [TAG.planePosition, "SQ", [[[TAG.imagePosition, "DS", position]]]],
    [TAG.planeOrientation, "SQ", [
      [[TAG.imageOrientation, "DS", orientations[i] ?? AXIAL]],
    ]],
    [TAG.pixelMeasures, "SQ", [[[TAG.pixelSpacing, "DS", "1\\1"]]]],
  ];
  return writeDicom(
    { classUid: CLASS, instanceUid: "2.25.1" },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.sopClass, "UI", CLASS],
      [TAG.sopInstance, "UI", "2.25.1"],
      [TAG.studyInstance, "UI", "2.25.2"],
      [TAG.seriesInstance, "UI", series],
      [TAG.frameOfReference, "UI", frameOfReference],
      [TAG.frames, "IS", `${positions.length}`],
      [TAG.perFrameGroups, "SQ", positions.map(groups)],
      ...pixelModule(
        { width: 1, height: 1 },
        new Uint8Array(positions.length),
      ),
    ],
  );
}

/** A DICOM object without pixels, as structured reports and structure sets are. */
export function dicomWithoutPixels(): Uint8Array<ArrayBuffer> {
  const report = "1.2.840.10008.5.1.4.1.1.88.11";
  return writeDicom(
    { classUid: report, instanceUid: "2.25.9" },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.sopClass, "UI", report],
      [TAG.sopInstance, "UI", "2.25.9"],
      [TAG.studyInstance, "UI", "2.25.2"],
      [TAG.seriesInstance, "UI", "2.25.8"],
    ],
  );
}
