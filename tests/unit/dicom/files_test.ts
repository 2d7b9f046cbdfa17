import { deepEqual, equal } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
import { fixture, fixtures } from "../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };

for (const { name, bytes, warnings } of fixtures) {
  if (warnings === undefined) continue;
  Deno.test(`the doubts about ${name} are told`, async () => {
    const { warnings: told = [] } = await decodeImage(bytes, limits);
    deepEqual(told.map(({ code }) => code), warnings);
    for (const { detail } of told) {
      // No doubt quotes what a file says of a patient.
      deepEqual(/Doe|secret|\d\.\d/.test(detail), false, detail);
    }
  });
}

/** A fixture with other bytes from a place on; the place is that of the text, or behind it. */
function edited(
  name: string,
  text: string,
  behind: number,
  ...bytes: number[]
): Uint8Array {
  const file = fixture(name).bytes.slice();
  const at = new TextDecoder("latin1").decode(file).indexOf(text);
  file.set(bytes, at + behind);
  return file;
}

Deno.test("a preamble that is the header of a TIFF leaves the file DICOM", async () => {
  const plain = await decodeImage(fixture("grey-16.dcm").bytes, limits);
  const file = fixture("grey-16.dcm").bytes.slice();
  file.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  deepEqual(await decodeImage(file, limits), plain);
});

Deno.test("pixels that use more bits than the file says are stored are doubted", async () => {
  for (const name of ["grey-16.dcm", "grey-16-signed.dcm"]) {
    // Bits Stored is 10; High Bit follows it, and is 9.
    const file = edited(
      ...[name, "\x28\0\x01\x01US", 8, 10, 0] as const,
      ...[0x28, 0, 0x02, 0x01, 0x55, 0x53, 2, 0, 9, 0],
    );
    const { warnings = [] } = await decodeImage(file, limits);
    equal(warnings[0]?.code, "contradiction", name);
  }
  for (const name of ["grey-12-of-16.dcm", "grey-10-signed.dcm"]) {
    const { warnings = [] } = await decodeImage(fixture(name).bytes, limits);
    deepEqual(warnings, [], name);
  }
});

Deno.test("a stated length of pixel data may be longer by padding that is not there", async () => {
  const { bytes } = fixture("grey-16.dcm");
  const plain = await decodeImage(bytes, limits);
  const head = new TextDecoder("latin1").decode(bytes)
    .indexOf("\xe0\x7f\x10\0OW");
  const longer = bytes.slice();
  const view = new DataView(longer.buffer);
  view.setUint32(head + 8, view.getUint32(head + 8, true) + 2, true);
  const { warnings = [], ...mended } = await decodeImage(longer, limits);
  deepEqual(mended, plain);
  deepEqual(warnings.map(({ code }) => code), ["end-mended"]);
});
