import { deepEqual, match } from "node:assert/strict";
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

Deno.test("a table of 65,536 entries states 0 of them", () => {
  const table = Uint16Array.from({ length: 0x10000 }, (_, i) => 0xffff - i);
  const elements: WriteElement[] = [[TAG.voiLut, "SQ", [[
    [TAG.lutDescriptor, "US", [0, 0, 16]],
    [TAG.lutData, "OW", new Uint8Array(table.buffer)],
  ]]]];
  deepEqual(shown(elements, false, [0, 0x8080, 0xffff]), [255, 127, 0]);
});

Deno.test("a window that cannot be used is told, with the reason", () => {
  const reason = (...window: [string, string]) => {
    const { dataset } = readDicom(writeDicom(
      { classUid: "1.2", instanceUid: "2.25.2" },
      { uid: "2.25.1", name: "TEST" },
      [
        [TAG.windowCenter, "DS", window[0]],
        [TAG.windowWidth, "DS", window[1]],
      ],
    ));
    const layout = { dataset, stored: 16, signed: false, photometric: "" };
    const { warnings } = greyDisplay(
      layout as unknown as DicomLayout,
      0,
      Uint16Array.of(1, 2, 3),
    );
    return warnings.map(({ code, detail }) => `${code} ${detail}`).join();
  };
  deepEqual(reason("2", "4"), "");
  deepEqual(reason("", ""), "");
  match(reason("2", "0"), /^window-ignored .+ not above 0/);
  match(reason("2", "-1"), /not above 0/);
  match(reason("2", ""), /not both numbers/);
  match(reason("a", "b"), /not both numbers/);
  match(reason("900", "4"), /black, white or grey all over/);
});
