import { deepEqual, equal } from "node:assert/strict";
import { withoutStructure } from "../../../lib/evaluation/without_structure.ts";
import type { Raster } from "../../../lib/core/raster.ts";

const [width, height] = [100, 50];
const image: Raster = {
  width,
  height,
  channels: 1,
  data: Uint8Array.from({ length: width * height }, (_, i) => i % width),
};

/** A mask of the columns and rows from one to another, the last included. */
function mask(x0: number, y0: number, x1: number, y1: number) {
  const data = new Uint8Array(width * height);
  for (let y = y0; y <= y1; y++) {
    data.fill(255, y * width + x0, y * width + x1 + 1);
  }
  return { width, height, data };
}

Deno.test("the largest piece beside the structure is an image of its own", () => {
  const right = withoutStructure(image, mask(20, 10, 29, 40))!;
  // Two columns, 2 % of the long side, are left out.
  deepEqual([right.width, right.height], [68, 50]);
  deepEqual([right.data[0], right.data[67], right.data[68]], [32, 99, 32]);
  const left = withoutStructure(image, mask(70, 0, 80, 49))!;
  deepEqual([left.width, left.data[0], left.data[67]], [68, 0, 67]);
  const above = withoutStructure(image, mask(10, 30, 90, 45))!;
  deepEqual([above.width, above.height], [100, 28]);
});

Deno.test("a structure that leaves no third of the image, or is not there, gives none", () => {
  equal(withoutStructure(image, mask(34, 17, 66, 33)), null);
  equal(
    withoutStructure(image, { width, height, data: new Uint8Array(5000) }),
    null,
  );
});
