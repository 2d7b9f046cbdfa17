import { deepEqual } from "node:assert/strict";
import type { Mask } from "../../../lib/core/mask.ts";
import { doubtsOf } from "../../../lib/pipeline/annotation_doubts.ts";
import { warnOfAnnotation } from "../../../lib/wording/annotation.ts";

const SIDE = 40;
const maskOf = (isInside: (x: number, y: number) => boolean): Mask => ({
  width: SIDE,
  height: SIDE,
  data: Uint8Array.from(
    { length: SIDE * SIDE },
    (_, i) => isInside(i % SIDE, Math.floor(i / SIDE)) ? 255 : 0,
  ),
});
const disc = (cx: number, cy: number, r: number) => (x: number, y: number) =>
  (x - cx) ** 2 + (y - cy) ** 2 <= r * r;
const codes = (mask: Mask) =>
  warnOfAnnotation(doubtsOf(mask)).map(({ code }) => code);

Deno.test("annotations that may not be meant are warned of", () => {
  deepEqual(codes(maskOf(disc(20, 20, 9))), []);
  deepEqual(codes(maskOf(disc(20, 20, 18))), ["annotation-covers-most"]);
  const around = disc(20, 20, 9);
  deepEqual(codes(maskOf((x, y) => !around(x, y))), ["annotation-inverted"]);
  deepEqual(codes(maskOf((x, y) => Math.abs(x - 20) < 3 || y === 20)), [
    "annotation-touches-borders",
  ]);
  const [left, right] = [disc(10, 20, 5), disc(30, 20, 5)];
  deepEqual(codes(maskOf((x, y) => left(x, y) || right(x, y))), [
    "annotation-in-pieces",
  ]);
});

Deno.test("a speck is no piece of its own", () => {
  const inside = disc(20, 20, 12);
  const mask = maskOf((x, y) => inside(x, y) || (x === 1 && y === 1));
  deepEqual(codes(mask), []);
});
