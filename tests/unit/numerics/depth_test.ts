import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { squaredDepth } from "../../../lib/numerics/depth.ts";
import type { Mask } from "../../../lib/core/mask.ts";

/** Every pixel against every one outside, in a ring of them around the image. */
function bruteForce({ width, height, data }: Mask): number[] {
  const outside: [number, number][] = [];
  for (let y = -1; y <= height; y++) {
    for (let x = -1; x <= width; x++) {
      const within = x >= 0 && x < width && y >= 0 && y < height;
      if (!within || data[y * width + x] === 0) outside.push([x, y]);
    }
  }
  return Array.from(data, (_, i) => {
    const x = i % width;
    const y = Math.floor(i / width);
    return Math.min(...outside.map(([u, v]) => (x - u) ** 2 + (y - v) ** 2));
  });
}

const side = fc.integer({ min: 1, max: 24 });
/** From mostly outside to mostly inside, so that both shallow and deep pixels occur. */
const masks = fc.tuple(side, side, fc.integer({ min: 1, max: 60 })).chain((
  [width, height, rarity],
) =>
  fc.array(fc.nat(rarity), {
    minLength: width * height,
    maxLength: width * height,
  }).map((values): Mask => ({ width, height, data: Uint8Array.from(values) }))
);

Deno.test("the depth of every pixel is its exact distance to the outside", () =>
  fc.assert(fc.property(masks, (mask) => {
    deepEqual(Array.from(squaredDepth(mask)), bruteForce(mask));
  })));

Deno.test("an image that is all structure is as deep as its middle is far from the border", () => {
  const [width, height] = [300, 7];
  const data = new Uint8Array(width * height).fill(1);
  const depth = squaredDepth({ width, height, data });
  equal(Math.max(...depth), 16);
  equal(depth.filter((d) => d === 16).length, 294);
});

Deno.test("depths beyond what a byte or 16 bits hold are exact", () => {
  const side = 1001;
  const data = new Uint8Array(side * side).fill(255);
  const depth = squaredDepth({ width: side, height: side, data });
  equal(depth[500 * side + 500], 501 ** 2);
  equal(depth[500 * side + 499], 500 ** 2);
});
