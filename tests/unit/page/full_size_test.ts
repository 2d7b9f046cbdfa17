import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  areaInFullSize,
  MOST_PIXELS,
  resized,
  scaledSize,
} from "../../../functions/page/full_size.js";
import { Mask } from "../../../functions/page/mask.js";

const side = fc.integer({ min: 1, max: 40 });

Deno.test("each pixel in full size has the nearest value, and so is the area", () => {
  fc.assert(
    fc.property(side, side, side, side, fc.infiniteStream(fc.boolean()), (
      width,
      height,
      wide,
      high,
      values,
    ) => {
      const mask = new Mask(width, height);
      for (let i = 0; i < mask.data.length; i++) {
        mask.data[i] = values.next().value ? 255 : 0;
      }
      const full = resized(mask, { width: wide, height: high });
      deepEqual([full.width, full.height], [wide, high]);
      for (let y = 0; y < high; y++) {
        for (let x = 0; x < wide; x++) {
          const column = Math.floor((x + 0.5) * width / wide);
          const row = Math.floor((y + 0.5) * height / high);
          equal(full.data[y * wide + x], mask.data[row * width + column]);
        }
      }
      const size = { width: wide, height: high };
      equal(areaInFullSize(mask.toRle(), size), full.area);
    }),
    { numRuns: 200 },
  );
});

Deno.test("a size is scaled to the pixels that are allowed, and keeps its proportions", () => {
  for (const [width, height] of [[6000, 5000], [30_000, 900]]) {
    const size = scaledSize({ width, height });
    const pixels = size.width * size.height;
    ok(pixels <= MOST_PIXELS, `${pixels}`);
    ok(pixels > 0.99 * MOST_PIXELS, `${pixels}`);
    ok(Math.abs(size.width / size.height / (width / height) - 1) < 0.01);
  }
  const small = { width: 300, height: 200 };
  deepEqual(scaledSize(small), small);
});
