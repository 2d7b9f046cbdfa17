import { deepEqual } from "node:assert/strict";
import { readDicom } from "../../../lib/dicom/data_set/file.ts";
import { TAG } from "../../../lib/dicom/data_set/tags.ts";
import {
  writeDicom,
  type WriteElement,
} from "../../../lib/dicom/data_set/write.ts";
import { greyDisplay } from "../../../lib/dicom/pixels/display.ts";
import type { DicomLayout } from "../../../lib/dicom/pixels/layout.ts";

/** A table of 256 entries of 16 bits, from 0 to white. */
const ramp = new Uint8Array(
  Uint16Array.from({ length: 256 }, (_, i) => i * 257).buffer,
);

/** A LUT whose first mapped value is stated as a representation. */
const lut = (first: number, vr: "US" | "SS"): WriteElement[][] => [[
  [
    TAG.lutDescriptor,
    vr,
    new Uint8Array(Uint16Array.of(256, first, 16).buffer),
  ],
  [TAG.lutData, "OW", ramp],
]];

/** Grey levels of values of 16 stored bits, by the elements that say how to show them. */
function shown(elements: WriteElement[], signed: boolean, values: number[]) {
  const { dataset } = readDicom(writeDicom(
    { classUid: "1.2", instanceUid: "2.25.2" },
    { uid: "2.25.1", name: "TEST" },
    elements,
  ));
  const layout = { dataset, stored: 16, signed, photometric: "MONOCHROME2" };
  const { display } = greyDisplay(layout as DicomLayout, 0, new Uint16Array(1));
  return values.map((value) => display![value & 0xffff]);
}

Deno.test("the first value that a LUT maps is unsigned for unsigned pixels", () => {
  const values = [0, 39_999, 40_128, 40_255, 65_535];
  const voi: WriteElement = [TAG.voiLut, "SQ", lut(40_000, "US")];
  deepEqual(shown([voi], false, values), [0, 0, 128, 255, 255]);
  // The window shows what a modality LUT gives as it is.
  const modality: WriteElement[] = [
    [TAG.modalityLut, "SQ", lut(40_000, "US")],
    [TAG.windowCenter, "DS", "32768"],
    [TAG.windowWidth, "DS", "65536"],
  ];
  deepEqual(shown(modality, false, values), [0, 0, 128, 255, 255]);
});

Deno.test("it is signed for signed pixels, whatever the writer states", () => {
  for (const vr of ["US", "SS"] as const) {
    const voi: WriteElement = [TAG.voiLut, "SQ", lut(-128, vr)];
    deepEqual(
      shown([voi], true, [-32_768, -128, 0, 127, 32_767]),
      [0, 0, 128, 255, 255],
    );
  }
});

Deno.test("it is signed for a VOI LUT of values that a rescale makes negative", () => {
  const elements: WriteElement[] = [
    [TAG.intercept, "DS", "-1024"],
    [TAG.slope, "DS", "1"],
    [TAG.voiLut, "SQ", lut(-128, "US")],
  ];
  deepEqual(shown(elements, false, [0, 896, 1024, 1151]), [0, 0, 128, 255]);
});

Deno.test("it is unsigned for a VOI LUT of signed pixels that a rescale makes positive", () => {
  const elements: WriteElement[] = [
    [TAG.intercept, "DS", "32768"],
    [TAG.slope, "DS", "1"],
    [TAG.voiLut, "SQ", lut(40_000, "US")],
  ];
  const values = [0, 39_999, 40_128, 40_255].map((value) => value - 32_768);
  deepEqual(shown(elements, true, values), [0, 0, 128, 255]);
});
