import { match, rejects } from "node:assert/strict";
import { TAG } from "../../../lib/dicom/data_set/tags.ts";
import { writeDicom } from "../../../lib/dicom/data_set/write.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { decodeImage } from "../../../lib/image/decode.ts";

const KINDS: [uid: string, wanted: RegExp][] = [
  ["481.3", /an RTSTRUCT.+send the image.+and the RTSTRUCT as mask/],
  ["481.5", /a radiotherapy plan.+send the image/],
  ["88.11", /a structured report/],
  ["104.1", /a document/],
  ["11.1", /a presentation state/],
  ["66.1", /a registration/],
  ["9.1.1", /a waveform/],
  ["1.2", /a file without pixel data/],
];

for (const [uid, wanted] of KINDS) {
  Deno.test(`a DICOM object of class ${uid} without pixels is named`, async () => {
    const classUid = `1.2.840.10008.5.1.4.1.1.${uid}`;
    const file = writeDicom(
      { classUid, instanceUid: "2.25.1" },
      { uid: "2.25.2", name: "TEST" },
      [[TAG.sopClass, "UI", classUid]],
    );
    await rejects(decodeImage(file, { maxPixels: 1000 }), (error) => {
      match((error as EdgeError).message, wanted);
      return error instanceof EdgeError && error.code === "unsupported-type";
    });
  });
}

const FOLDER = new URL("../../parity/golden/segmentations/", import.meta.url);

for (const name of ["one.dcm", "palette-8.dcm", "probability.dcm"]) {
  Deno.test(`a segmentation is a mask, and no picture: ${name}`, async () => {
    const file = await Deno.readFile(new URL(name, FOLDER));
    await rejects(decodeImage(file, { maxPixels: 1e6 }), (error) => {
      match((error as EdgeError).message, /DICOM segmentation.+as mask/);
      return error instanceof EdgeError && error.code === "unsupported-type";
    });
  });
}
