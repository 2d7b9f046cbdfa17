import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { hexDigest } from "../../../../lib/core/digest.ts";
import { mulberry32 } from "../../../../lib/numerics/random.ts";
import {
  resizeAntialiased,
  sampleAntialiased,
} from "../../../../lib/numerics/resize.ts";
import golden from "../../golden/numerics.json" with { type: "json" };

function noise(length: number, seed: number): Uint8Array {
  const random = mulberry32(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

for (const { seed, size, sha256, pixels } of golden.resizes) {
  const [width, height, channels, toWidth, toHeight] = size;
  Deno.test(`resize ${width}×${height}×${channels} to ${toWidth}×${toHeight} equals Pillow`, async () => {
    const source = noise(width * height * channels, seed);
    const resized = resizeAntialiased(
      source,
      width,
      height,
      channels,
      toWidth,
      toHeight,
    );
    if (pixels === undefined) {
      equal(await hexDigest(Uint8Array.from(resized)), sha256);
    } else {
      const wanted = Uint8Array.fromBase64(pixels);
      equal(resized.length, wanted.length);
      ok(resized.every((value, i) => Math.abs(value - wanted[i]) <= 1));
    }
  });
}

Deno.test("resize to the same size copies", () => {
  const source = Uint8Array.of(1, 2, 3, 4);
  const same = resizeAntialiased(source, 2, 2, 1, 2, 2);
  equal(same.join(), source.join());
  same[0] = 9;
  equal(source[0], 1);
});

Deno.test("every row and column of every channel is what sampling it gives, of any size", () => {
  const length = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 60, max: 300 }),
    fc.constantFrom(1, 20_000),
  );
  fc.assert(fc.property(
    fc.tuple(length, length, length, length)
      .filter(([w, h, to, high]) => Math.max(w, to) * Math.max(h, high) < 2e5),
    fc.constantFrom(1, 3),
    fc.integer(),
    ([width, height, toWidth, toHeight], channels, seed) => {
      const source = noise(width * height * channels, seed);
      const resized = resizeAntialiased(
        source,
        width,
        height,
        channels,
        toWidth,
        toHeight,
      );
      const all = (length: number) =>
        Int32Array.from({ length }, (_, index) => index);
      for (let c = 0; c < channels; c++) {
        deepEqual(
          resized.filter((_, i) => i % channels === c),
          sampleAntialiased(
            source.filter((_, i) => i % channels === c),
            width,
            height,
            toWidth,
            toHeight,
            all(toHeight),
            all(toWidth),
          ),
        );
      }
    },
  ));
});
