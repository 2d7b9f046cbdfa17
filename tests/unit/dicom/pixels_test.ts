import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readDicom } from "../../../lib/dicom/data_set/file.ts";
import { decodeDicom } from "../../../lib/dicom/pixels/decode.ts";
import { readDicomLayout } from "../../../lib/dicom/pixels/layout.ts";
import { syntaxOf } from "../../../lib/dicom/pixels/transfer_syntax.ts";
import { readSource } from "../../../lib/dicom/segmentation/read_source.ts";
import { countFrames } from "../../../lib/image/frames.ts";
import { fixture, fixtures } from "../../support/fixtures.ts";

Deno.test("what is refused is named in words, also where frames are counted", async () => {
  for (
    const [name, words] of [
      ["mpeg-2", /a video \(MPEG-2\)/],
      ["h264", /a video \(MPEG-4, H\.264\)/],
      ["hevc", /a video \(HEVC, H\.265\)/],
      ["ge", /GE's own/],
      ["jpip", /another server \(JPIP\)/],
      ["photometric-hsv", /HSV/],
      ["unknown-codec", /how its pixels are compressed/],
    ] as const
  ) {
    const { bytes } = fixture(`refused-${name}.dcm`);
    const named = (error: unknown) =>
      error instanceof EdgeError && error.code === "unsupported-type" &&
      words.test(error.message);
    await rejects(decodeDicom(bytes), named, name);
    throws(() => countFrames(bytes), named, name);
  }
});

Deno.test("a mask keeps stored values and palette indices, and is not shown", async () => {
  const { bytes } = fixture("palette-mask.dcm");
  const { indices, channels } = await decodeDicom(bytes, { forMask: true });
  equal(channels, 3);
  deepEqual([...new Set(indices)].sort(), [0, 1]);
  equal((await decodeDicom(bytes)).indices, undefined);
  const long = await decodeDicom(fixture("grey-32-signed.dcm").bytes, {
    forMask: true,
  });
  equal(long.data.constructor, Int32Array);
  equal(long.max, Infinity);
  deepEqual([long.display, long.level], [undefined, undefined]);
});

Deno.test("a codestream shows its transfer syntax", () => {
  for (
    const [name, syntax] of [
      ["jpeg-8.dcm", "4.50"],
      ["lossless-8.dcm", "4.70"],
      ["jpegls-8.dcm", "4.80"],
      ["j2k-8.dcm", "4.90"],
      ["rle-8.dcm", "5"],
    ]
  ) {
    const { pixels } = readDicomLayout(readDicom(fixture(name).bytes));
    equal(syntaxOf(pixels.fragments![1]), `1.2.840.10008.1.2.${syntax}`, name);
  }
  for (const bytes of [[], [0xff], [1, 0, 0, 0, 64], [0xff, 0xd8]]) {
    equal(syntaxOf(Uint8Array.from(bytes)), undefined);
  }
});

Deno.test("files with slips of their writers are the sources of segmentations too", () => {
  const sane = readSource(fixture("trailing-zeros.dcm").bytes);
  match(sane.sopInstance, /^2\.25\./);
  for (const { name, bytes, warnings, refused } of fixtures) {
    if (warnings === undefined || refused) continue;
    equal(readSource(bytes).sopClass.slice(0, 4), "1.2.", name);
  }
  // A data set whose element of the SOP instance is another one.
  const bytes = fixture("no-meta-explicit.dcm").bytes.slice();
  const at = bytes.findIndex((byte, i) =>
    byte === 8 && bytes[i + 2] === 0x18 && bytes[i + 4] === 0x55
  );
  bytes[at + 2] = 0x17;
  throws(
    () => readSource(bytes),
    (error) =>
      error instanceof EdgeError && error.code === "invalid-input" &&
      /no SOP instance UID/.test(error.message),
  );
});
