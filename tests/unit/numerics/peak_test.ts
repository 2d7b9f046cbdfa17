import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { resizeBilinear } from "../../../lib/numerics/bilinear.ts";
import { findPeak } from "../../../lib/numerics/peak.ts";
import { Coordinates } from "../../../lib/pipeline/coordinates.ts";

const GRID = 6;
const MODEL = { size: 48, grid: GRID, lowResMask: 4 * GRID };

/** The peak by building the full-size map. */
function fullPeak(map: Float64Array, coordinates: Coordinates) {
  const { vertical, horizontal } = coordinates.similarityAxes();
  const middle = resizeBilinear(map, GRID, vertical.first, horizontal.first);
  const model = resizeBilinear(
    middle,
    4 * GRID,
    vertical.second,
    horizontal.second,
  );
  const full = resizeBilinear(
    model,
    coordinates.scaled.width,
    vertical.third,
    horizontal.third,
  );
  let best = 0;
  for (let i = 1; i < full.length; i++) if (full[i] > full[best]) best = i;
  const { width } = coordinates.image;
  return { x: best % width, y: Math.floor(best / width), value: full[best] };
}

const size = fc.integer({ min: 1, max: 130 });
const image = fc.record({ width: size, height: size });

Deno.test("the peak found without the full-size map is the full-size map's first maximum", () => {
  const smooth = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: GRID * GRID,
    maxLength: GRID * GRID,
  });
  fc.assert(
    fc.property(image, smooth, (image, values) => {
      const coordinates = new Coordinates(image, MODEL);
      const map = Float64Array.from(values);
      const { vertical, horizontal } = coordinates.similarityAxes();
      deepEqual(
        findPeak(map, GRID, vertical, horizontal),
        fullPeak(map, coordinates),
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("among equal maxima the first in row-major order wins, also on flat maps", () => {
  const few = fc.array(fc.constantFrom(0, 0.5), {
    minLength: GRID * GRID,
    maxLength: GRID * GRID,
  });
  fc.assert(
    fc.property(image, few, (image, values) => {
      const coordinates = new Coordinates(image, MODEL);
      const map = Float64Array.from(values);
      const { vertical, horizontal } = coordinates.similarityAxes();
      const found = findPeak(map, GRID, vertical, horizontal);
      const full = fullPeak(map, coordinates);
      equal(found.value, full.value);
      deepEqual([found.x, found.y], [full.x, full.y]);
    }),
    { numRuns: 300 },
  );
});
