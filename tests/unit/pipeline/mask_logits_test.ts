import { equal, ok } from "node:assert/strict";
import { maskToLogits } from "../../../lib/pipeline/mask_logits.ts";
import type { ModelGeometry } from "../../../lib/pipeline/types.ts";

Deno.test("a mask becomes logits of ±8 where it is sure, in padded model space", () => {
  const model = { size: 64, lowResMask: 16 } as ModelGeometry;
  const data = new Uint8Array(32 * 16);
  for (let y = 0; y < 16; y++) data.fill(255, y * 32, y * 32 + 16);
  const logits = maskToLogits({ width: 32, height: 16, data }, model);
  equal(logits.length, 16 * 16);
  equal(logits[0], 8);
  equal(logits[7 * 16 + 6], 8);
  equal(logits[7 * 16 + 9], -8);
  ok(logits.subarray(8 * 16).every((value) => value === -8), "padding");
});
