import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { centrePoint } from "../../../lib/evaluation/clicks.ts";
import { describeMask } from "../../../lib/format/mask/document.ts";
import type { Mask } from "../../../lib/core/mask.ts";

/** The tight box of a mask. */
const truthBox = (mask: Mask) => describeMask(mask).box;

/** A mask drawn with `#`. */
function drawn(...rows: string[]): Mask {
  return {
    width: rows[0].length,
    height: rows.length,
    data: Uint8Array.from(rows.join(""), (c) => c === "#" ? 255 : 0),
  };
}

const side = fc.integer({ min: 1, max: 16 });
const masks = fc.tuple(side, side, fc.integer({ min: 1, max: 40 })).chain((
  [width, height, rarity],
) =>
  fc.array(fc.nat(rarity), {
    minLength: width * height,
    maxLength: width * height,
  }).map((values): Mask => ({ width, height, data: Uint8Array.from(values) }))
);

/** Whether a pixel of the plane is inside; nothing beyond the image is. */
function inside({ width, height, data }: Mask, x: number, y: number): boolean {
  return x >= 0 && x < width && y >= 0 && y < height &&
    data[y * width + x] !== 0;
}

/** Squared distance from a pixel to the nearest outside, looked for everywhere. */
function depthOf(mask: Mask, x: number, y: number): number {
  let nearest = Infinity;
  for (let v = -1; v <= mask.height; v++) {
    for (let u = -1; u <= mask.width; u++) {
      if (inside(mask, u, v)) continue;
      nearest = Math.min(nearest, (x - u) ** 2 + (y - v) ** 2);
    }
  }
  return nearest;
}

Deno.test("the centre is inside, no pixel is deeper, and none before it is as deep", () =>
  fc.assert(fc.property(masks, (mask) => {
    const centre = centrePoint(mask);
    if (centre === null) return ok(mask.data.every((value) => value === 0));
    equal(centre.label, 1);
    ok(inside(mask, centre.x, centre.y));
    const depth = depthOf(mask, centre.x, centre.y);
    const at = centre.y * mask.width + centre.x;
    for (let i = 0; i < mask.data.length; i++) {
      const other = depthOf(mask, i % mask.width, Math.floor(i / mask.width));
      ok(i < at ? other < depth : other <= depth);
    }
  })));

Deno.test("the box holds every inside pixel and has one on each side", () =>
  fc.assert(fc.property(masks, (mask) => {
    const pixels = [...mask.data.keys()].filter((i) => mask.data[i] !== 0);
    const xs = pixels.map((i) => i % mask.width);
    const ys = pixels.map((i) => Math.floor(i / mask.width));
    deepEqual(
      truthBox(mask),
      pixels.length === 0 ? null : [
        Math.min(...xs),
        Math.min(...ys),
        Math.max(...xs),
        Math.max(...ys),
      ],
    );
  })));

Deno.test("a mask without structure has neither box nor centre", () => {
  const empty = drawn("...", "...");
  equal(truthBox(empty), null);
  equal(centrePoint(empty), null);
});

Deno.test("one pixel is its own box and centre, wherever it is", () => {
  deepEqual(truthBox(drawn("...", "..#")), [2, 1, 2, 1]);
  deepEqual(centrePoint(drawn("...", "..#")), { x: 2, y: 1, label: 1 });
  deepEqual(truthBox(drawn("#")), [0, 0, 0, 0]);
  deepEqual(centrePoint(drawn("#")), { x: 0, y: 0, label: 1 });
});

Deno.test("the image's border counts as outside", () => {
  const cutOff = drawn("####.", "####.", "####.", "####.", ".....");
  deepEqual(centrePoint(cutOff), { x: 1, y: 1, label: 1 });
  deepEqual(truthBox(cutOff), [0, 0, 3, 3]);
  const full = drawn("#####", "#####", "#####");
  deepEqual(centrePoint(full), { x: 1, y: 1, label: 1 });
  deepEqual(truthBox(full), [0, 0, 4, 2]);
});

Deno.test("the centre of a ring lies on the ring, of two structures in the thicker", () => {
  const ring = drawn(
    "#######",
    "#.....#",
    "#.....#",
    "#.....#",
    "#######",
  );
  deepEqual(centrePoint(ring), { x: 0, y: 0, label: 1 });
  const two = drawn(
    "##.....",
    "##.....",
    "....###",
    "....###",
    "....###",
  );
  deepEqual(centrePoint(two), { x: 5, y: 3, label: 1 });
});
