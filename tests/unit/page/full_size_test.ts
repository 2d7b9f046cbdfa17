import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  areaInFullSize,
  MOST_PIXELS,
  resized,
  scaledSize,
} from "../../../functions/page/full_size.js";
import { scaledMask } from "../../../functions/page/mask_picture.js";
import { decodeImage } from "../../../lib/image/decode.ts";
import { fixtures } from "../../support/fixtures.ts";
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

Deno.test("a mask file of the full size is scaled down sample by sample, whatever its PNG is", async () => {
  const limits = { maxPixels: 1_000_000 };
  const files = fixtures.filter(({ name, refused }) =>
    /^alpha-\d-\d+\.png$/.test(name) && refused === undefined
  );
  ok(files.length > 10);
  for (const { name, bytes } of files) {
    const full = await decodeImage(bytes, limits);
    const fullSize = { width: full.width, height: full.height };
    const size = {
      width: Math.ceil(full.width * 0.7),
      height: Math.ceil(full.height * 0.6),
    };
    const file = new File([Uint8Array.from(bytes)], name);
    const scaled = await scaledMask(file, { size, fullSize });
    const small = await decodeImage(
      new Uint8Array(await scaled.arrayBuffer()),
      limits,
    );
    deepEqual([small.width, small.height], [size.width, size.height], name);
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const column = Math.floor((x + 0.5) * full.width / size.width);
        const row = Math.floor((y + 0.5) * full.height / size.height);
        for (let c = 0; c < full.channels; c++) {
          equal(
            small.data[(y * size.width + x) * full.channels + c],
            full.data[(row * full.width + column) * full.channels + c],
            name,
          );
        }
      }
    }
    // One of another size is the server's to refuse.
    equal(await scaledMask(file, { size, fullSize: size }), file);
    equal(await scaledMask(file, { size, fullSize: null }), file);
  }
});
