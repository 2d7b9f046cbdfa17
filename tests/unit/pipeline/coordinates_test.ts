import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { describeMask } from "../../../lib/format/mask/document.ts";
import {
  bilinearAxis,
  cutAxis,
  resizeBilinear,
} from "../../../lib/numerics/bilinear.ts";
import { scaledSize } from "../../../lib/core/geometry.ts";
import { Coordinates } from "../../../lib/pipeline/coordinates.ts";

const SIZE = 32;
const model = (size: number) => ({ size, grid: 4, lowResMask: 8 });

Deno.test("the long side becomes S, as in SAM", () => {
  deepEqual(scaledSize({ width: 854, height: 480 }, 512), {
    width: 512,
    height: 288,
  });
  deepEqual(scaledSize({ width: 480, height: 854 }, 1024), {
    width: 576,
    height: 1024,
  });
  deepEqual(scaledSize({ width: 1, height: 9999 }, 512), {
    width: 1,
    height: 512,
  });
});

Deno.test("points are scaled, a box adds two corners, no box a padding point", () => {
  const coordinates = new Coordinates({ width: 100, height: 50 }, model(200));
  const points = [{ x: 10, y: 20, label: 1 as const }];
  deepEqual(coordinates.toDecoder(points), {
    coords: Float32Array.of(20, 40, 0, 0),
    labels: Float32Array.of(1, -1),
  });
  deepEqual(coordinates.toDecoder(points, [1, 2, 3, 4]), {
    coords: Float32Array.of(20, 40, 2, 4, 6, 8),
    labels: Float32Array.of(1, 2, 3),
  });
});

/** The mask by building both maps in full. */
function fullMask(
  coordinates: Coordinates,
  logits: Float32Array,
  side: number,
) {
  const axis = bilinearAxis(side, SIZE);
  const { width, height } = coordinates.scaled;
  const model = resizeBilinear(
    logits,
    side,
    cutAxis(axis, height),
    cutAxis(axis, width),
  );
  const image = resizeBilinear(
    model,
    width,
    bilinearAxis(height, coordinates.image.height),
    bilinearAxis(width, coordinates.image.width),
  );
  return Uint8Array.from(image, (value) => value > 0 ? 255 : 0);
}

Deno.test("the mask without the full maps is the full maps' mask, its box the mask's box", () => {
  const side = 8;
  const length = fc.integer({ min: 1, max: 90 });
  const logits = fc.array(fc.double({ min: -4, max: 1, noNaN: true }), {
    minLength: side * side,
    maxLength: side * side,
  });
  fc.assert(
    fc.property(length, length, logits, (width, height, values) => {
      const coordinates = new Coordinates({ width, height }, model(SIZE));
      const low = Float32Array.from(values);
      const mask = coordinates.toMask(low);
      deepEqual(mask.data, fullMask(coordinates, low, side));
      deepEqual(coordinates.toBox(low), describeMask(mask).box);
    }),
    { numRuns: 500 },
  );
});

Deno.test("logits that are inside everywhere make a full mask, outside everywhere none", () => {
  const coordinates = new Coordinates({ width: 33, height: 20 }, model(SIZE));
  ok(
    coordinates.toMask(new Float32Array(64).fill(1)).data.every((v) =>
      v === 255
    ),
  );
  ok(
    coordinates.toMask(new Float32Array(64).fill(-1)).data.every((v) =>
      v === 0
    ),
  );
  equal(coordinates.toBox(new Float32Array(64).fill(-1)), null);
});
