import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { correct } from "../../../lib/pipeline/correct.ts";
import type { Decoder, DecoderPrompt } from "../../../lib/pipeline/types.ts";
import type { Mask } from "../../../lib/core/mask.ts";
import { SIDE, targetOf } from "../../support/small_target.ts";

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
        const made = await correct(targetOf(decoder), mask, points);
        const at = y * SIDE + x;
        const { data } = made.mask;
        if (answer[at] !== (label === 1)) {
          const taken = before.map((kept, i) =>
            label === 1 ? kept || answer[i] : kept && answer[i]
          );
          return deepEqual(made.mask, maskOf(taken));
        }
        equal(data[at] !== 0, label === 1);
        if (before[at] === (label === 1)) {
          return deepEqual(made.mask, maskOf(answer));
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

Deno.test("a first click on what does not touch the mask, and is thought better of alone, takes its place", async () => {
  const before = maskOf(Array.from({ length: SIDE * SIDE }, (_, i) => i < 32));
  const there = Array.from({ length: SIDE * SIDE }, (_, i) => i >= 192);
  const decoder = (alone: number): Decoder => ({
    decode: (_, { labels }) =>
      Promise.resolve({
        logits: Float32Array.from(there, (one) => one ? 1 : -1),
        predictedIou: labels.filter((label) => label === 1).length === 1
          ? alone
          : 0.5,
      }),
  });
  const click = { x: 8, y: 14, label: 1 as const };
  const by = async (alone: number, points = [click]) =>
    (await correct(targetOf(decoder(alone)), before, points))
      .mask.data;
  const both = before.data.map((value, i) => there[i] ? 255 : value);
  deepEqual(await by(0.6), maskOf(there).data);
  deepEqual(await by(0.4), both);
  const confirmed = { x: 3, y: 1, label: 1 as const };
  deepEqual(await by(0.6, [confirmed, click]), both);
});

Deno.test("a decoder that takes match maps reads the mask and the clicks in one run, and one piece is changed", async () => {
  const left = maskOf(Array.from(
    { length: SIDE * SIDE },
    (_, i) => i % SIDE < 8,
  ));
  // The left half goes, and the right one comes in two pieces.
  const answer = Array.from(
    { length: SIDE * SIDE },
    (_, i) => i % SIDE >= 8 && Math.floor(i / SIDE) !== 8,
  );
  const prompts: DecoderPrompt[] = [];
  const decoder: Decoder = {
    decode(_, prompt) {
      prompts.push(prompt);
      return Promise.resolve({
        logits: Float32Array.from(answer, (one) => one ? 1 : -1),
        predictedIou: 0.7,
      });
    },
  };
  const earlier = { x: 15, y: 15, label: 0 as const };
  const click = { x: 2, y: 3, label: 0 as const };
  const target = targetOf(decoder, { matched: true });
  const made = await correct(target, left, [earlier, click]);
  equal(prompts.length, 1);
  deepEqual(prompts[0]!.mask?.slice(7, 9), Float32Array.of(2, -2));
  deepEqual(prompts[0]!.labels.slice(0, 2), Float32Array.of(0, 0));
  equal(made.predictedIou, 0.7);
  deepEqual(made.mask, maskOf(answer.map(() => false)));

  const wanted = { x: 12, y: 3, label: 1 as const };
  const more = await correct(target, left, [earlier, click, wanted]);
  const above = answer.map((inside, i) =>
    i % SIDE < 8 || (inside && i < 8 * SIDE)
  );
  deepEqual(more.mask, maskOf(above));
});

Deno.test("a decoder that takes match maps is not run again where its reading contradicts the click", async () => {
  let runs = 0;
  const decoder: Decoder = {
    decode() {
      runs++;
      const logits = new Float32Array(SIDE * SIDE).fill(-1);
      return Promise.resolve({ logits: logits.fill(1, 0, 8), predictedIou: 0 });
    },
  };
  const mask = maskOf(Array.from({ length: SIDE * SIDE }, (_, i) => i < 4));
  const points = [{ x: 8, y: 14, label: 1 as const }];
  const made = await correct(
    targetOf(decoder, { matched: true }),
    mask,
    points,
  );
  equal(runs, 1);
  deepEqual(
    made.mask,
    maskOf(Array.from({ length: SIDE * SIDE }, (_, i) => i < 8)),
  );
});
