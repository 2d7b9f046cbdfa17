import { equal, ok } from "node:assert/strict";
import { hexDigest } from "../../../lib/digest.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { resizeAntialiased } from "../../../lib/numerics/resize.ts";
import golden from "../../golden/numerics.json" with { type: "json" };

for (const { seed, size, sha256, pixels } of golden.resizes) {
  const [width, height, channels, toWidth, toHeight] = size;
  Deno.test(`resize ${width}×${height}×${channels} to ${toWidth}×${toHeight} equals Pillow`, async () => {
    const random = mulberry32(seed);
    const source = Uint8Array.from(
      { length: width * height * channels },
      () => Math.floor(random() * 256),
    );
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
