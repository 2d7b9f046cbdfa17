import { deepEqual, equal, ok } from "node:assert/strict";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { enrol } from "../../../lib/pipeline/enrol.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import { ReferenceSet } from "../../../lib/pipeline/reference_set.ts";
import { segment } from "../../../lib/pipeline/segment.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import type {
  Decoder,
  DecoderPrompt,
  Embedding,
} from "../../../lib/pipeline/types.ts";
import { geometryWith } from "../../support/geometry.ts";

const [GRID, CHANNELS] = [8, 4];
const SIDE = 2 * GRID;
const MODEL = geometryWith({
  channels: CHANNELS,
  grid: GRID,
  lowResMask: SIDE,
  matched: true,
  calibration: { threshold: 0.4, slope: 1, offset: 0 },
});
const IMAGE = { width: 64, height: 64 };

function embed(seed: number): Embedding {
  const random = mulberry32(seed);
  const data = Float32Array.from(
    { length: CHANNELS * GRID * GRID },
    () => Math.f16round(random() - 0.5),
  );
  const dims = [1, CHANNELS, GRID, GRID];
  return {
    model: "",
    image: IMAGE,
    tensors: { image_embeddings: { dims, data } },
  };
}

/** The annotated square of a reference: columns and rows from 16 to 47. */
function square() {
  const data = new Uint8Array(64 * 64);
  for (let y = 16; y < 48; y++) data.fill(255, y * 64 + 16, y * 64 + 48);
  return { ...IMAGE, data };
}

/**
 * A decoder whose masks are as many rows as its prompt has points and one more. It expects of them what `expects` says,
 * and rates those that it is given by `ratingOf` their number of rows.
 */
function decoderOf(
  ratingOf: (rows: number) => number,
  expects: (rows: number) => number = () => 0.9,
) {
  const prompts: DecoderPrompt[] = [];
  const rowsIn = (mask: Float32Array | null) =>
    mask === null ? 0 : mask.filter((value) => value > 0).length / SIDE;
  const decoder: Decoder = {
    decode(_, prompt) {
      prompts.push(prompt);
      const rows = 1 + prompt.labels.filter((label) => label === 1).length;
      const logits = new Float32Array(SIDE * SIDE).fill(-1)
        .fill(1, 0, rows * SIDE);
      const rating = prompt.matchMaps && ratingOf(rowsIn(prompt.mask));
      return Promise.resolve({ logits, predictedIou: expects(rows), rating });
    },
  };
  return { decoder, prompts };
}

const references = () => new ReferenceSet([enrol(embed(1), square(), MODEL)]);

Deno.test("dense matching takes the candidate of whose first mask the decoder expects most", async () => {
  const { decoder, prompts } = decoderOf(
    (rows) => rows === 4 ? 0.8 : 0.5,
    (rows) => rows === 4 ? 0.7 : 0.6,
  );
  const target = new Target(embed(2), decoder, MODEL);
  const { winner, candidates, presence, maps, logits } = await segment(
    target,
    references(),
    { trace: true },
  );
  deepEqual(candidates.map(({ parts }) => parts), [0, 3]);
  equal(winner.parts, 3);
  equal(winner.predictedIou, 0.8);
  equal(logits, winner.logits);
  ok(candidates.every(({ distance, isBound }) => distance > 0 && !isBound));
  deepEqual(candidates.map(({ trace }) => trace!.length), [1, 3]);
  deepEqual(
    [presence.present, presence.score, presence.threshold],
    [true, 0.8, 0.4],
  );
  ok(Math.abs(presence.confidence! - 0.8) < 1e-9);
  equal(maps!.evidence.length, GRID * GRID);
  // The first pass of every candidate, and the two others of the best.
  equal(prompts.length, 2 + 2);
  ok(prompts.every(({ matchMaps }) => matchMaps!.length === 4 * GRID ** 2));
  deepEqual([...prompts[0].labels], [-1]);

  const quick = await segment(target, references(), { every: false });
  equal(quick.winner.distance, winner.distance);
  deepEqual(quick.candidates.map(({ isBound }) => isBound), [true, false]);
});

Deno.test("a single pass is rated by another, which changes nothing else", async () => {
  const { decoder, prompts } = decoderOf((rows) => 0.1 * rows);
  const target = new Target(embed(2), decoder, MODEL);
  const options = { passes: 1, trace: true };
  const { winner } = await segment(target, references(), options);
  deepEqual([winner.parts, winner.predictedIou], [0, 0.1]);
  equal(winner.trace!.length, 1);
  equal(winner.logits, winner.trace![0].logits);
  equal(prompts.length, 2 + 1);
});

Deno.test("a structure that no candidate is rated to show is absent", async () => {
  const { decoder } = decoderOf(() => 0.1);
  const target = new Target(embed(2), decoder, MODEL);
  const { presence } = await segment(target, references());
  deepEqual([presence.present, presence.absence], [false, "unlike"]);
  ok(presence.confidence! < 0.2);
});

Deno.test("several references are matched together, or each for itself", async () => {
  const { decoder } = decoderOf(() => 0.6);
  const target = new Target(embed(2), decoder, MODEL);
  const both = () =>
    new ReferenceSet([1, 3].map((seed) => enrol(embed(seed), square(), MODEL)));
  const pooled = await segment(target, both());
  ok(pooled.candidates.every(({ profile }) => profile === 2));
  equal(pooled.candidates[0].parts, 0);
  const apart = await segment(target, both(), { combine: "nearest" });
  deepEqual(
    apart.candidates.filter(({ parts }) => parts === 0)
      .map(({ profile }) => profile),
    [0, 1],
  );
});

Deno.test("a profile without its background is segmented by the paper's candidates", async () => {
  const { decoder, prompts } = decoderOf(() => 0.6);
  const target = new Target(embed(2), decoder, MODEL);
  const { background: _, ...older } = enrol(embed(1), square(), MODEL);
  const { maps, candidates } = await segment(
    target,
    new ReferenceSet([older]),
  );
  equal(maps, null);
  deepEqual(candidates.map(({ parts }) => parts), [1, 2, 3, 4, 5]);
  ok(prompts.every(({ matchMaps }) => matchMaps === undefined));
});

Deno.test("a decoder that takes no match maps is given one as its first mask, beside the paper's candidates", async () => {
  const { decoder, prompts } = decoderOf(() => 0.6);
  const target = new Target(embed(2), decoder, { ...MODEL, matched: false });
  const options = { recipe: RECIPES.dense };
  const { candidates, maps } = await segment(target, references(), options);
  deepEqual(candidates.map(({ parts }) => parts), [1, 2, 3, 4, 5, 0]);
  ok(prompts.every(({ matchMaps }) => matchMaps === undefined));
  const firsts = prompts.filter((_, i) => i % 3 === 0);
  deepEqual(firsts.map(({ mask }) => mask !== null), [
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
  const [least, most] = [
    Math.min(...maps!.evidence),
    Math.max(...maps!.evidence),
  ];
  const mask = firsts.at(-1)!.mask!;
  ok(Math.min(...mask) >= 4 * least - 1e-5 && Math.max(...mask) <= 4 * most);
  const plain = await segment(target, references(), {
    recipe: RECIPES.medical,
  });
  deepEqual(
    candidates.slice(0, -1).map(({ logits }) => logits),
    plain.candidates.map(({ logits }) => logits),
  );
});
