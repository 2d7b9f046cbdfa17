import { equal } from "node:assert/strict";
import { decodePrompt } from "../../../lib/pipeline/decode_prompt.ts";
import { SIDE, targetOf } from "../../support/small_target.ts";

Deno.test("a prompt with fewer passes runs the decoder less often", async () => {
  let runs = 0;
  const logits = new Float32Array(SIDE * SIDE).fill(1, 0, SIDE);
  const decode = () => (runs++, Promise.resolve({ logits, predictedIou: 1 }));
  const target = targetOf({ decode });
  const points = [{ x: 3, y: 0, label: 1 as const }];
  const mask = target.toMask(logits);
  const runsOf = async (prompt: Parameters<typeof decodePrompt>[1]) => {
    runs = 0;
    await decodePrompt(target, prompt);
    return runs;
  };
  equal(await runsOf({ points }), 3);
  equal(await runsOf({ points, passes: 3 }), 3);
  equal(await runsOf({ points, passes: 1 }), 1);
  const correction = await runsOf({ points, mask });
  equal(await runsOf({ points, mask, passes: 1 }), correction / 3);
});
