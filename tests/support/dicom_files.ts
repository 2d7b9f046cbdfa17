import { concat } from "../../lib/core/bytes.ts";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import {
  writeDicom,
  type WriteElement,
} from "../../lib/dicom/data_set/write.ts";
import type { Raster } from "../../lib/core/raster.ts";
import { niftiHeader } from "./nifti_header.ts";

/** The Image Pixel module of a picture of 8 bits (PS3.3 C.7.6.3). */
export function pixelModule(
  { width, height }: { width: number; height: number },
  pixels: Uint8Array,
  channels = 1,
): WriteElement[] {
  return [
    [TAG.samples, "US", [channels]],
    [TAG.photometric, "CS", channels === 3 ? "RGB" : "MONOCHROME2"],
    [TAG.rows, "US", [height]],
    [TAG.columns, "US", [width]],
    [TAG.bitsAllocated, "US", [8]],
    [TAG.bitsStored, "US", [8]],
    [TAG.highBit, "US", [7]],
    [TAG.signed, "US", [0]],
    [TAG.pixelData, "OB", pixels],
  ];
}

/** A multi-frame DICOM image of pictures of equal size. */
export function toDicom(
  pictures: Raster[],
  withUids = true,
): Uint8Array<ArrayBuffer> {
  const [{ width, height, channels }] = pictures;
  const pixels = new Uint8Array(
    pictures.flatMap(({ data }) => [...data]),
  );
  const multiFrame = "1.2.840.10008.5.1.4.1.1.7.4";
  return writeDicom(
    { classUid: multiFrame, instanceUid: "2.25.77" },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.sopClass, "UI", multiFrame],
      [TAG.sopInstance, "UI", "2.25.77"],
      [TAG.patientName, "PN", "Roe^Richard"],
      [TAG.patientId, "LO", "hidden-4711"],
      ...(withUids
        ? [
          [TAG.studyInstance, "UI", "2.25.78"] as [number, string, string],
          [TAG.seriesInstance, "UI", "2.25.79"] as [number, string, string],
        ]
        : []),
      [TAG.planar, "US", [0]],
      [TAG.frames, "IS", `${pictures.length}`],
      ...pixelModule({ width, height }, pixels, channels),
    ],
  );
}

/** A NIfTI volume of the pictures' first channel. */
export function toNifti(pictures: Raster[]): Uint8Array<ArrayBuffer> {
  const [{ width, height }] = pictures;
  const header = niftiHeader([3, width, height, pictures.length], 2);
  new DataView(header.buffer).setInt16(72, 8, true);
  const slices = pictures.map(({ data, channels }) =>
    data.filter((_, i) => i % channels === 0)
  );
  return concat([header, ...slices]);
}
