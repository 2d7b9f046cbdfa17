import { deepEqual, equal, ok } from "node:assert/strict";
import { maskToLogits } from "../../../lib/pipeline/mask_logits.ts";
import { geometryWith } from "../../support/geometry.ts";

const half = new Uint8Array(32 * 16);
for (let y = 0; y < 16; y++) half.fill(255, y * 32, y * 32 + 16);
const mask = { width: 32, height: 16, data: half };

Deno.test("a mask becomes logits of ±8 where it is sure, in padded model space", () => {
  const model = geometryWith({ size: 64, lowResMask: 16 });
  const logits = maskToLogits(mask, model);
  equal(logits.length, 16 * 16);
  equal(logits[0], 8);
  equal(logits[7 * 16 + 6], 8);
  equal(logits[7 * 16 + 9], -8);
  ok(logits.subarray(8 * 16).every((value) => value === -8), "padding");
});

Deno.test("a decoder that takes match maps is given less certain logits, which a click can change", () => {
  const model = geometryWith({ size: 64, lowResMask: 16, matched: true });
  const logits = maskToLogits(mask, model);
  deepEqual([logits[0], logits[7 * 16 + 9]], [2, -2]);
});
