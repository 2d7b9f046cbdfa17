import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { describeMask } from "../../../lib/format/mask/document.ts";

/** Whether the centre of a pixel is inside by the even-odd rule. */
function covers(rings: [number, number][][], x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    ring.forEach(([x0, y0], i) => {
      const [x1, y1] = ring[(i + 1) % ring.length];
      if ((y0 > y) !== (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)) {
        inside = !inside;
      }
    });
  }
  return inside;
}

Deno.test("area and box are those of the inside pixels", () => {
  const data = Uint8Array.of(0, 0, 0, 0, 255, 255, 0, 0, 255);
  const { area, box } = describeMask({ width: 3, height: 3, data });
  deepEqual([area, box], [3, [1, 1, 2, 2]]);
  const empty = describeMask({ width: 3, height: 3, data: new Uint8Array(9) });
  deepEqual([empty.area, empty.box, empty.polygons], [0, null, []]);
});

Deno.test("filling the polygons by the even-odd rule gives the mask back", () => {
  const side = fc.integer({ min: 1, max: 12 });
  const mask = fc.tuple(side, side).chain(([width, height]) =>
    fc.array(fc.constantFrom(0, 255), {
      minLength: width * height,
      maxLength: width * height,
    })
      .map((values) => ({ width, height, data: Uint8Array.from(values) }))
  );
  fc.assert(fc.property(mask, (mask) => {
    const { polygons } = describeMask(mask);
    for (let y = 0; y < mask.height; y++) {
      for (let x = 0; x < mask.width; x++) {
        equal(
          covers(polygons, x + 0.5, y + 0.5),
          mask.data[y * mask.width + x] !== 0,
        );
      }
    }
  }));
});
