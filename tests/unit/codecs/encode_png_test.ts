import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeImage } from "../../../lib/image/decode.ts";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";

const limits = { maxPixels: 1e6 };

Deno.test("what encodePng writes is read back exactly, and written the same again", async () => {
  const raster = fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom<1 | 3>(1, 3),
  ).chain(([width, height, channels]) =>
    fc.uint8Array({
      minLength: width * height * channels,
      maxLength: width * height * channels,
    }).map((data) => ({ width, height, channels, data }))
  );
  await fc.assert(
    fc.asyncProperty(raster, async (picture) => {
      const bytes = encodePng(picture);
      assert.deepEqual(
        await decodeImage(bytes, limits),
        { ...picture, data: Uint8Array.from(picture.data) },
      );
      assert.deepEqual(encodePng(picture), bytes);
    }),
  );
});

Deno.test("masks go through a PNG unchanged, and stay small", async () => {
  const data = new Uint8Array(512 * 512);
  for (let y = 100; y < 300; y++) {
    data.fill(255, y * 512 + 150, y * 512 + 420);
  }
  const mask = { width: 512, height: 512, data };
  const bytes = encodePng(mask);
  assert.deepEqual(await decodeMask(bytes, limits), mask);
  assert.ok(bytes.length < 2000, `${bytes.length} bytes`);
});
