import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { cosineMaps, largestCosines } from "../../../lib/numerics/cosine.ts";
import { withBoundedMaps } from "../../../lib/numerics/cosine_bounds.ts";
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

Deno.test("bounds on the maps are above them and close, also of patches that are nearly alike", () => {
  const few = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      few,
      few,
      few,
      fc.constantFrom(0, 1, 100, 60000),
      fc.integer(),
      (channels, patches, count, offset, seed) => {
        const random = mulberry32(seed);
        const embedding = Float32Array.from(
          { length: channels * patches },
          (_, i) =>
            i % patches === 0 && random() < 0.5
              ? 0
              : Math.f16round(offset + 4 * random() - 2),
        );
        const prototypes = Float32Array.from(normaliseRows(
          Float32Array.from({ length: count * channels }, () => random() - 0.5),
          channels,
        ));
        const wanted = cosineMaps(embedding, channels, prototypes);
        const within = Int32Array.from({ length: patches }, (_, p) => p)
          .filter((p) => p === 0 || random() < 0.5);
        const largest = largestCosines(
          embedding,
          channels,
          prototypes,
          within,
        );
        wanted.forEach((map, i) => {
          const most = Math.max(...Array.from(within, (p) => map[p]));
          const off = Math.abs(largest[i] - most);
          ok(off <= (channels + 16) * 2 ** -23, `${off}`);
        });
        withBoundedMaps(
          embedding,
          channels,
          prototypes,
          (maps) => {
            maps.forEach(({ upper, at }, i) => {
              for (let p = 0; p < patches; p++) {
                equal(at(p), wanted[i][p]);
                ok(upper[p] >= wanted[i][p]);
              }
              const alike = wanted[i].filter((_, p) => p > 0);
              const gap = Math.max(
                ...upper.subarray(1).map((v, p) => v - alike[p]),
              );
              if (offset > 1 && patches > 20) ok(gap < 1e-4, `${gap}`);
            });
          },
        );
      },
    ),
    { numRuns: 300 },
  );
});
