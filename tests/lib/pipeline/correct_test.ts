import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { correct } from "../../../lib/pipeline/correct.ts";
import { Frame } from "../../../lib/pipeline/frame.ts";
import type { Decoder, Mask } from "../../../lib/pipeline/types.ts";

const SIDE = 16;
const model = {
  digest: "",
  size: SIDE,
  mean: [],
  std: [],
  channels: 1,
  grid: 4,
  lowResMask: SIDE,
  tensors: {},
  guided: false,
};
const embedding = {
  model: "",
  image: { width: SIDE, height: SIDE },
  tensors: {},
};
const frame = new Frame(embedding.image, SIDE);
const pixels = fc.array(fc.boolean(), {
  minLength: SIDE * SIDE,
  maxLength: SIDE * SIDE,
});
const maskOf = (inside: boolean[]): Mask => ({
  width: SIDE,
  height: SIDE,
  data: Uint8Array.from(inside, (one) => one ? 255 : 0),
});

Deno.test("whatever the decoder says, a click adds or takes away one piece with it in, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(
      pixels,
      pixels,
      fc.nat(SIDE - 1),
      fc.nat(SIDE - 1),
      fc.constantFrom<0 | 1>(0, 1),
      async (before, answer, x, y, label) => {
        const decoder: Decoder = {
          decode: () =>
            Promise.resolve({
              logits: Float32Array.from(answer, (one) => one ? 1 : -1),
              predictedIou: 0.5,
            }),
        };
        const mask = maskOf(before);
        const points = [{ x, y, label }];
        const made = await correct(
          decoder,
          embedding,
          frame,
          model,
          mask,
          points,
        );
        const at = y * SIDE + x;
        if (answer[at] !== (label === 1)) return equal(made, null);
        const { data } = made!.mask;
        equal(data[at] !== 0, label === 1);
        if (before[at] === (label === 1)) {
          return deepEqual(made!.mask, maskOf(answer));
        }
        for (let i = 0; i < data.length; i++) {
          if (data[i] === mask.data[i]) continue;
          equal(data[i] !== 0, label === 1);
          equal(answer[i], label === 1);
        }
      },
    ),
    { numRuns: 100 },
  );
});
