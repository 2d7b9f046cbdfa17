import { deepEqual, rejects, throws } from "node:assert/strict";
import { concat } from "../../../lib/core/bytes.ts";
import { readDicom } from "../../../lib/dicom/data_set/file.ts";
import { decodeJpegFrame } from "../../../lib/dicom/pixels/codecs.ts";
import { encapsulatedFrame } from "../../../lib/dicom/pixels/fragments.ts";
import {
  type DicomLayout,
  readDicomLayout,
} from "../../../lib/dicom/pixels/layout.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { decodeExtendedJpeg } from "../../../lib/codecs/jpeg/extended.ts";
import { decodeLosslessJpeg } from "../../../lib/codecs/jpeg/lossless.ts";
import { readJpegHeader } from "../../../lib/codecs/jpeg/markers.ts";
import { fixture } from "../../support/fixtures.ts";

const malformed = (error: unknown) =>
  error instanceof EdgeError && error.code === "malformed";

for (
  const { name, decode } of [
    { name: "lossless-16.dcm", decode: decodeLosslessJpeg },
    { name: "lossless-rgb.dcm", decode: decodeLosslessJpeg },
    { name: "jpeg-12.dcm", decode: decodeExtendedJpeg },
  ]
) {
  const layout = readDicomLayout(readDicom(fixture(name).bytes));
  const stream = encapsulatedFrame(layout, 0);
  const behindStart = (...bytes: number[]) =>
    concat([
      stream.subarray(0, 2),
      Uint8Array.from(bytes),
      stream.subarray(2),
    ]);

  Deno.test(`markers without parameters change nothing in ${name}`, async () => {
    const plain = await decodeJpegFrame(stream, layout);
    for (const marker of [0x01, 0xd0, 0xd7]) {
      const marked = behindStart(0xff, marker, 0xff, marker);
      deepEqual(await decodeJpegFrame(marked, layout), plain);
    }
  });

  Deno.test(`a start marker or a stuffed zero between the segments of ${name} is refused`, () => {
    const frame = readJpegHeader(stream);
    for (const marker of [0x00, 0xd8]) {
      throws(() => decode(behindStart(0xff, marker), frame), malformed);
    }
  });

  Deno.test(`a frame of ${name} other than the checked one is refused`, () => {
    const frame = readJpegHeader(stream);
    for (
      const other of [
        { width: frame.width + 1 },
        { height: frame.height + 1 },
        { precision: frame.precision - 1 },
        { components: frame.components + 1 },
      ]
    ) throws(() => decode(stream, { ...frame, ...other }), malformed);
  });
}

Deno.test("a frame header that hides behind a marker without parameters is not taken", async () => {
  const frameHeader = (side: number) => {
    const bytes = [side >> 8, side & 255];
    const components = [1, 2, 3].flatMap((id) => [id, 0x11, 0]);
    return [0xff, 0xc3, 0, 17, 16, ...bytes, ...bytes, 3, ...components];
  };
  // Read as a segment, the restart marker spans to the greater frame.
  const seen = [0xff, 0xd8, 0xff, 0xd0, 0xff, 0xe0, 0, 4, 0, 0];
  const hidden = 4 + 0xffe0;
  const bytes = new Uint8Array(hidden + 100);
  bytes.set([...seen, ...frameHeader(10)]);
  const scan = [0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 1, 0, 0];
  bytes.set([...frameHeader(0xffff), ...scan], hidden);
  const layout = { width: 10, height: 10, samples: 3, allocated: 16 };
  await rejects(decodeJpegFrame(bytes, layout as DicomLayout), malformed);
});
