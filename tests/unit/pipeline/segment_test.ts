import { deepEqual, equal, ok } from "node:assert/strict";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";
import { ReferenceSet } from "../../../lib/pipeline/reference_set.ts";
import { segment } from "../../../lib/pipeline/segment.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import type { Decoder, Embedding } from "../../../lib/pipeline/types.ts";
import { geometryWith } from "../../support/geometry.ts";

const GRID = 8;
const CHANNELS = 4;
const SIDE = 4 * GRID;
const MODEL = geometryWith({
  channels: CHANNELS,
  grid: GRID,
  lowResMask: SIDE,
});

Deno.test("prompts of equal points are decoded once, and both candidates get the mask", async () => {
  const random = mulberry32(5);
  const data = Float32Array.from(
    { length: CHANNELS * GRID * GRID },
    () => Math.f16round(random() - 0.5),
  );
  const embedding: Embedding = {
    model: "",
    image: { width: 90, height: 70 },
    tensors: {
      image_embeddings: { dims: [1, CHANNELS, GRID, GRID], data },
    },
  };
  const unit = Float32Array.of(1, 0, 0, 0);
  const profile: Profile = {
    model: "",
    channels: CHANNELS,
    parts: [{ count: 1, prototypes: unit }],
    negatives: [],
    patches: data.slice(0, 5 * CHANNELS),
    surroundings: null,
    calibrationRange: null,
  };
  let runs = 0;
  const decoder: Decoder = {
    decode: ({ image_embeddings: { data } }, { mask }) => {
      runs++;
      const logits = Float32Array.from(
        { length: SIDE * SIDE },
        (_, i) => data[i % data.length] + (mask?.[i] ?? 0),
      );
      return Promise.resolve({ logits, predictedIou: 0.5 });
    },
  };
  const target = new Target(embedding, decoder, MODEL);
  const once = await segment(target, new ReferenceSet([profile]));
  equal(runs, 3);
  const both = new ReferenceSet([profile, profile]);
  const combine = "nearest";
  const twice = await segment(target, both, { combine });
  equal(runs, 6);
  equal(twice.candidates.length, 2);
  deepEqual(twice.candidates[1].logits, once.winner.logits);
  equal(twice.candidates.indexOf(twice.winner), 0);
  deepEqual(twice.logits, twice.winner.logits);

  // Pooled, the own candidates of equal references are as near as alone, or one of the pool is nearer.
  const pooled = await segment(target, both);
  ok(pooled.winner.distance <= once.winner.distance);
  ok(pooled.logits.every(Number.isFinite));
  const anew = new ReferenceSet([profile, profile]);
  deepEqual((await segment(target, anew)).logits, pooled.logits);
  deepEqual((await segment(target, both)).logits, pooled.logits);
});
