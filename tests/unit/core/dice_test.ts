import { equal } from "node:assert/strict";
import { dice } from "../../../lib/core/mask.ts";

Deno.test("Dice counts the values above 0 of masks and of logits alike", () => {
  const mask = Uint8Array.of(255, 1, 0, 0);
  equal(dice(mask, Uint8Array.of(0, 255, 255, 255)), 2 * 1 / (2 + 3));
  equal(dice(mask, Float32Array.of(-1, 0.5, 2, 0)), 2 * 1 / (2 + 2));
  equal(dice(mask, mask), 1);
});

Deno.test("Dice of two empty masks is 1, of one empty mask 0", () => {
  const empty = new Uint8Array(4);
  equal(dice(empty, Float32Array.of(-1, 0, -2, 0)), 1);
  equal(dice(empty, Uint8Array.of(0, 255, 0, 0)), 0);
});
