import assert from "node:assert/strict";
import fc from "fast-check";
import {
  orient,
  type Orientation,
  parseOrientation,
  readOrientation,
} from "../../../../lib/image/orientation.ts";
import { checkMediaType } from "../../../../lib/image/media_type.ts";
import { fixture } from "../../../support/fixtures.ts";

Deno.test("readOrientation finds what each format states", () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    for (const format of ["jpeg", "png", "webp", "tiff", "avif"]) {
      const { bytes } = fixture(`orientation-${orientation}.${format}`);
      const type = checkMediaType(bytes);
      assert.equal(readOrientation(bytes, type), orientation, format);
    }
  }
});

Deno.test("parseOrientation takes damaged blocks and unknown values as upright", () => {
  const block = Uint8Array.of(
    ...[0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0],
    ...[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0],
  );
  assert.equal(parseOrientation(block), 6);
  assert.equal(parseOrientation(undefined), 1);
  assert.equal(parseOrientation(block.with(18, 9)), 1);
  for (let length = 0; length < block.length; length++) {
    assert.equal(parseOrientation(block.subarray(0, length)), 1);
  }
});

const picture = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom<1 | 3>(1, 3),
).map(([width, height, channels]) => ({
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => i),
}));

Deno.test("orient moves every pixel once, and its inverse brings it back", () => {
  const inverse: Orientation[] = [1, 1, 2, 3, 4, 5, 8, 7, 6];
  fc.assert(
    fc.property(picture, fc.integer({ min: 1, max: 8 }), (original, value) => {
      const orientation = value as Orientation;
      const turned = orient(original, orientation);
      assert.deepEqual(
        [turned.width, turned.height],
        value < 5
          ? [original.width, original.height]
          : [original.height, original.width],
      );
      assert.deepEqual(orient(turned, inverse[orientation]), original);
    }),
  );
});

Deno.test("orientation 6 turns the stored picture clockwise", () => {
  const stored = { width: 2, height: 1, data: Uint8Array.of(1, 2) };
  assert.deepEqual(orient(stored, 6), {
    width: 1,
    height: 2,
    data: Uint8Array.of(1, 2),
  });
  const tall = { width: 1, height: 2, data: Uint8Array.of(1, 2) };
  assert.deepEqual(orient(tall, 6).data, Uint8Array.of(2, 1));
});
