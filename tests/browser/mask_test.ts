import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { Mask } from "../../functions/page/mask.js";
import { describeMask } from "../../lib/format/mask/document.ts";

/** Random masks, for the browser's code against the server's. */
const masks = fc.tuple(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 12 }),
)
  .chain(([width, height]) =>
    fc.array(fc.constantFrom(0, 255), {
      minLength: width * height,
      maxLength: width * height,
    }).map((data) => {
      const mask = new Mask(width, height);
      mask.data.set(data);
      return mask;
    })
  );

/** Whether a place is inside the rings by the even-odd rule. */
function inside(rings: [number, number][][], x: number, y: number): boolean {
  let crossings = 0;
  for (const ring of rings) {
    ring.forEach(([ax, ay], i) => {
      const [bx, by] = ring[(i + 1) % ring.length];
      if ((ay <= y) === (by <= y)) return;
      if (ax + (bx - ax) * (y - ay) / (by - ay) > x) crossings++;
    });
  }
  return crossings % 2 === 1;
}

Deno.test("run-length encoding is the server's, both ways", () => {
  fc.assert(fc.property(masks, (mask) => {
    const { size, counts, area } = describeMask(mask);
    deepEqual(mask.toRle(), { size, counts });
    deepEqual(Mask.fromRle({ size, counts }).data, mask.data);
    equal(mask.area, area);
  }));
});

Deno.test("the outline keeps every pixel's centre on its side", () => {
  fc.assert(fc.property(masks, (mask) => {
    const rings = mask.outline();
    for (let y = 0; y < mask.height; y++) {
      for (let x = 0; x < mask.width; x++) {
        const value = mask.data[y * mask.width + x] > 0;
        equal(inside(rings, x + 0.5, y + 0.5 + 1e-9), value, `${x}, ${y}`);
      }
    }
  }));
});

Deno.test("an encoding restores a mask", () => {
  fc.assert(fc.property(masks, (mask) => {
    const copy = new Mask(mask.width, mask.height);
    copy.data.fill(255);
    copy.set(mask.toRle());
    deepEqual(copy.data, mask.data);
  }));
});

const at = fc.tuple(
  fc.double({ min: -3, max: 15, noNaN: true }),
  fc.double({ min: -3, max: 15, noNaN: true }),
);

Deno.test("a stroke sets the pixels within its radius", () => {
  fc.assert(
    fc.property(
      at,
      at,
      fc.double({ min: 1, max: 5, noNaN: true }),
      (from, to, radius) => {
        const mask = new Mask(12, 12);
        mask.stroke(from, to, radius, 255);
        for (let i = 0; i < 144; i++) {
          const [x, y] = [i % 12 + 0.5, Math.floor(i / 12) + 0.5];
          // Distance to the nearest of many points on the segment.
          let least = Infinity;
          for (let t = 0; t <= 1; t += 1 / 512) {
            const [sx, sy] = [
              from[0] + t * (to[0] - from[0]),
              from[1] + t * (to[1] - from[1]),
            ];
            least = Math.min(least, Math.hypot(x - sx, y - sy));
          }
          if (Math.abs(least - radius) < 0.02) continue;
          equal(mask.data[i] > 0, least < radius);
        }
      },
    ),
  );
});

Deno.test("a polygon is filled by the even-odd rule", () => {
  fc.assert(
    fc.property(fc.array(at, { minLength: 3, maxLength: 8 }), (ring) => {
      const mask = new Mask(12, 12);
      mask.fill(ring);
      for (let i = 0; i < 144; i++) {
        const [x, y] = [i % 12 + 0.5, Math.floor(i / 12) + 0.5];
        equal(mask.data[i] > 0, inside([ring], x, y), `${x}, ${y}`);
      }
    }),
  );
});
