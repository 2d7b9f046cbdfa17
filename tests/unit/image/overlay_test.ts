import type { Point } from "../../../lib/core/geometry.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { chamfer, UNIT } from "../../../lib/image/distance.ts";
import { drawOverlay } from "../../../lib/image/overlay.ts";
import type { Mask } from "../../../lib/core/mask.ts";
import type { Raster } from "../../../lib/core/raster.ts";

const W = 120;
const H = 80;
const grey: Raster = {
  width: W,
  height: H,
  channels: 1,
  data: new Uint8Array(W * H).fill(90),
};

/** A rectangle from (x0, y0) up to but without (x1, y1). */
function box(x0: number, y0: number, x1: number, y1: number): Mask {
  const data = new Uint8Array(W * H);
  for (let y = y0; y < y1; y++) data.fill(255, y * W + x0, y * W + x1);
  return { width: W, height: H, data };
}

const at = (raster: Raster, x: number, y: number) => [
  ...raster.data.subarray(
    3 * (y * raster.width + x),
    3 * (y * raster.width + x) + 3,
  ),
];

Deno.test("drawOverlay tints the structure, lines its edge and leaves the rest", () => {
  const before = grey.data.slice();
  const out = drawOverlay(grey, box(40, 20, 80, 60));
  assert.deepEqual([out.width, out.height, out.channels], [W, H, 3]);
  assert.deepEqual(grey.data, before, "the input must not change");
  assert.deepEqual(at(out, 5, 5), [90, 90, 90]);
  const inner = at(out, 60, 40);
  assert.ok(inner[2] > 120 && inner[0] < 90, `tint ${inner}`);
  const edge = at(out, 40, 40);
  assert.ok(edge[2] > 220 && edge[1] > 180, `line ${edge}`);
  const rim = at(out, 39, 40);
  assert.ok(Math.max(...rim) < 60, `rim ${rim}`);
});

Deno.test("drawOverlay draws points in their colours, also half outside", () => {
  const points: Point[] = [
    { x: 30, y: 40, label: 1 },
    { x: 90, y: 40, label: 0 },
    { x: 0, y: 79, label: 1 },
    { x: -500, y: 9000, label: 0 },
  ];
  const out = drawOverlay(grey, box(0, 0, 0, 0), points);
  const [r0, g0] = at(out, 30, 40);
  assert.ok(g0 > 150 && r0 < 80);
  const [r1, g1] = at(out, 90, 40);
  assert.ok(r1 > 200 && g1 < 100);
  const around = [34, 35].map((x) => Math.min(...at(out, x, 40)));
  assert.ok(Math.max(...around) > 200, "a white ring goes round the disc");
  assert.deepEqual(at(out, 60, 10), [90, 90, 90]);
});

Deno.test("drawOverlay refuses a mask of another size", () => {
  const small: Mask = { width: 2, height: 2, data: new Uint8Array(4) };
  assert.throws(() => drawOverlay(grey, small), /120×80 pixels, the mask 2×2/);
});

Deno.test("chamfer distances stay within 8 % of the Euclidean", () => {
  const mask = fc.uint8Array({ minLength: 300, maxLength: 300, max: 9 });
  fc.assert(
    fc.property(mask, (raw) => {
      const data = raw.map((v) => (v === 0 ? 255 : 0));
      const distances = chamfer({ width: 20, height: 15, data }, "structure");
      const set = [...data.keys()].filter((i) => data[i] !== 0);
      distances.forEach((d, i) => {
        const exact = Math.min(
          ...set.map((j) =>
            Math.hypot(i % 20 - j % 20, Math.floor(i / 20) - Math.floor(j / 20))
          ),
        );
        if (exact === Infinity) assert.equal(d, 255);
        else {
          assert.ok(
            Math.abs(d / UNIT - exact) <= 0.08 * exact + 1e-9,
            `${d / UNIT} for ${exact}`,
          );
        }
      });
    }),
  );
});
