import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { cosineMaps } from "../../../lib/numerics/cosine.ts";
import { normaliseRows, toPatches } from "../../../lib/numerics/patches.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";

Deno.test("cosine maps are the dot products of unit rows, bit for bit", () => {
  const few = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      few,
      few,
      few,
      fc.integer(),
      (channels, patches, count, seed) => {
        const random = mulberry32(seed);
        const draw = (length: number) =>
          Float32Array.from({ length }, () => Math.f16round(4 * random() - 2));
        const embedding = draw(channels * patches);
        embedding.forEach((_, i) => {
          if (i % patches === 0) embedding[i] = 0; // a patch without direction
        });
        const prototypes = draw(count * channels);
        const unit = normaliseRows(toPatches(embedding, channels), channels);
        const wanted = Array.from(
          { length: count },
          (_, i) =>
            Float64Array.from({ length: patches }, (_, p) => {
              let dot = 0;
              for (let c = 0; c < channels; c++) {
                dot += unit[p * channels + c] * prototypes[i * channels + c];
              }
              return dot;
            }),
        );
        deepEqual(cosineMaps(embedding, channels, prototypes), wanted);
      },
    ),
  );
});
