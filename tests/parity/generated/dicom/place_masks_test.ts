import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { readMask } from "../../../../lib/image/decode_mask.ts";
import {
  annotationCases,
  readAnnotationFile,
} from "../../../support/annotation_cases.ts";
import { fixture } from "../../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };

for (const one of annotationCases) {
  const { file, image, frame, segment, mask, refused, message } = one;
  const name = `${file}${segment === undefined ? "" : ` (${segment})`} on ${
    image ?? "a PNG"
  }${frame === undefined ? "" : ` ${frame}`}`;
  const read = () =>
    readMask(readAnnotationFile(file), limits, {
      segment,
      image: {
        bytes: image === null
          ? fixture("rgb-8.png").bytes
          : readAnnotationFile(image),
        frame,
      },
    });
  if (refused !== undefined) {
    Deno.test(`${name} is refused: ${message}`, async () => {
      await assert.rejects(
        read(),
        (error) =>
          error instanceof EdgeError && error.code === refused &&
          error.message.includes(message!),
      );
    });
    continue;
  }
  Deno.test(`${name} lies where the oracle says`, async () => {
    const found = await read();
    const wanted = new Uint8Array(Buffer.from(mask!, "base64"))
      .map((v) => v * 255);
    assert.equal(found.mask.width, one.width);
    assert.deepEqual(found.mask.data, wanted);
    const { kind, value, threshold } = found.reading;
    assert.match(kind, /^(segment|contours)$/);
    assert.equal(value, one.value);
    assert.equal(threshold, one.threshold ?? null);
    assert.deepEqual(
      found.warnings.map(({ code }) => code),
      one.warnings ?? [],
    );
  });
}

Deno.test("an annotation that is cut short is refused, or reads as the whole", async () => {
  const chosen = new Map(
    annotationCases.filter((one) => one.mask && one.image)
      .map((one) => [one.file, one]),
  );
  for (const { file, image, frame, segment, mask } of chosen.values()) {
    const bytes = readAnnotationFile(file);
    const wanted = new Uint8Array(Buffer.from(mask!, "base64"))
      .map((v) => v * 255);
    for (let end = 140; end < bytes.length; end += 97) {
      const choice = {
        segment,
        image: { bytes: readAnnotationFile(image!), frame },
      };
      try {
        const found = await readMask(
          bytes.subarray(0, end),
          limits,
          choice,
        );
        assert.deepEqual(found.mask.data, wanted, `${file} to ${end}`);
      } catch (error) {
        if (!(error instanceof EdgeError)) throw error;
      }
    }
  }
});
