import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import type { EdgeError } from "../../../lib/core/errors.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { splitPatches } from "../../../lib/pipeline/annotation.ts";
import { enrol } from "../../../lib/pipeline/enrol.ts";
import type { Mask } from "../../../lib/core/mask.ts";
import { geometryWith } from "../../support/geometry.ts";
import { plainSplit } from "../../support/plain_pipeline.ts";

const model = geometryWith({
  digest: "d",
  tensors: { image_embeddings: [1, 4, 8, 8] },
});

function mask(
  width: number,
  height: number,
  inside: (x: number, y: number) => boolean,
): Mask {
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    if (inside(i % width, Math.floor(i / width))) data[i] = 255;
  }
  return { width, height, data };
}

function embedding(width: number, height: number) {
  const random = mulberry32(3);
  const data = Float32Array.from(
    { length: 4 * 64 },
    () => Math.f16round(random()),
  );
  const tensors = { image_embeddings: { dims: [1, 4, 8, 8], data } };
  return { model: "d", image: { width, height }, tensors };
}

Deno.test("patches under the mask are foreground, all others background", () => {
  const { foreground, background } = splitPatches(
    mask(64, 32, (x, y) => x < 16 && y < 8),
    model,
  );
  deepEqual([...foreground], [0, 1]);
  equal(background.length, 64 - 2);
});

Deno.test("they are those of the whole mask in model space, however it is resized", () => {
  const side = fc.integer({ min: 1, max: 150 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.integer({ min: 1, max: 100 }),
      fc.integer(),
      fc.constantFrom(255, 200),
      (width, height, percent, seed, value) => {
        const random = mulberry32(seed);
        const [x0, y0] = [random() * width, random() * height];
        const radius = Math.hypot(width, height) * percent / 100;
        const round = mask(
          width,
          height,
          (x, y) => Math.hypot(x - x0, y - y0) < radius && random() < 0.95,
        );
        round.data.forEach((v, i) => round.data[i] = v && value);
        deepEqual(splitPatches(round, model), plainSplit(round, model));
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a profile holds unit prototypes for every count, and the raw patches", () => {
  const { parts, negatives, patches } = enrol(
    embedding(64, 64),
    mask(64, 64, (x, y) => x < 32 && y < 16),
    model,
  );
  equal(patches.length, 8 * 4);
  deepEqual(parts.map(({ count }) => count), [1, 2, 3, 4, 5]);
  deepEqual(negatives.map(({ count }) => count), [1]);
  for (const { count, prototypes } of parts) {
    equal(prototypes.length, count * 4);
    for (let i = 0; i < count; i++) {
      const norm = Math.hypot(...prototypes.subarray(4 * i, 4 * i + 4));
      ok(Math.abs(norm - 1) < 1e-6);
    }
  }
});

Deno.test("a model that matches is given the background that the image shows, and no padding", () => {
  const kept = (matched: boolean) =>
    enrol(
      embedding(64, 32),
      mask(64, 32, (x, y) => x < 32 && y < 16),
      { ...model, matched },
    ).background!.length;
  ok(kept(true) > 0);
  ok(kept(true) < kept(false), `${kept(true)} of ${kept(false)}`);
});

Deno.test("one patch gives one part", () => {
  const { parts } = enrol(
    embedding(64, 64),
    mask(64, 64, (x, y) => x < 8 && y < 8),
    model,
  );
  deepEqual(parts.map(({ count }) => count), [1]);
});

Deno.test("annotations that cannot be used are refused, each with its reason", () => {
  const refuses = (bad: Mask, code: string, message: RegExp) =>
    throws(
      () => enrol(embedding(64, 64), bad, model),
      (error: EdgeError) => error.code === code && message.test(error.message),
    );
  refuses(mask(64, 64, () => false), "invalid-input", /empty/);
  refuses(mask(64, 64, () => true), "invalid-input", /whole image/);
  refuses(mask(32, 64, () => true), "invalid-input", /32×64 .* 64×64/);
  refuses(
    mask(64, 64, (x, y) => x === 9 && y === 9),
    "annotation-too-small",
    /0 of 64 patches/,
  );
});
