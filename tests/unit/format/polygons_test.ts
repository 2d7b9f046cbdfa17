// @ts-types="@types/d3-contour"
import { contours } from "d3-contour";
import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { maskRuns } from "../../../lib/format/mask/runs.ts";
import { outline, type Ring } from "../../../lib/format/mask/polygons.ts";
import type { Mask } from "../../../lib/core/mask.ts";

/** The outline by d3-contour, every cell visited. */
function contoured({ width, height, data }: Mask): Ring[] {
  // One empty pixel all round closes rings at the border of the image.
  const values = new Array<number>((width + 2) * (height + 2)).fill(0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      values[(y + 1) * (width + 2) + x + 1] = Number(data[y * width + x] !== 0);
    }
  }
  const { coordinates } = contours().size([width + 2, height + 2])
    .smooth(false).contour(values, 0.5);
  return coordinates.flat().map((closed) => {
    const ring = closed.slice(0, -1);
    return ring.filter(([x, y], i) => {
      const [px, py] = ring.at(i - 1)!;
      const [nx, ny] = ring[(i + 1) % ring.length];
      return (x - px) * (ny - y) !== (y - py) * (nx - x);
    }).map(([x, y]): [number, number] => [x - 1, y - 1]);
  });
}

const side = fc.integer({ min: 1, max: 40 });

Deno.test("the outline is d3-contour's, vertex for vertex, on noise of any density", () => {
  const mask = fc.tuple(side, side, fc.integer({ min: 1, max: 9 })).chain(
    ([width, height, tenths]) =>
      fc.array(fc.integer({ min: 0, max: 9 }), {
        minLength: width * height,
        maxLength: width * height,
      }).map((values) => ({
        width,
        height,
        data: Uint8Array.from(values, (v) => v < tenths ? 255 : 0),
      })),
  );
  fc.assert(
    fc.property(mask, (mask) => {
      deepEqual(outline(maskRuns(mask)), contoured(mask));
    }),
    { numRuns: 500 },
  );
});

Deno.test("likewise on rings within rings", () => {
  const disc = fc.record({ x: side, y: side, radius: side });
  fc.assert(
    fc.property(
      side,
      side,
      fc.array(disc, { minLength: 1, maxLength: 12 }),
      (width, height, discs) => {
        const data = new Uint8Array(width * height);
        for (let i = 0; i < data.length; i++) {
          const [px, py] = [i % width, Math.floor(i / width)];
          for (const { x, y, radius } of discs) {
            if (Math.hypot(px - x, py - y) < radius / 3) data[i] ^= 255;
          }
        }
        const mask = { width, height, data };
        deepEqual(outline(maskRuns(mask)), contoured(mask));
      },
    ),
    { numRuns: 500 },
  );
});
