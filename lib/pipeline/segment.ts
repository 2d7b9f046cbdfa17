import { EdgeError } from "../core/errors.ts";
import { pickPatches, toPatches } from "../numerics/patches.ts";
import { agreement } from "./agreement.ts";
import { cascade } from "./cascade.ts";
import { Frame } from "./coordinates.ts";
import { attentionSimilarity, meanMap, meanPatch } from "./guidance.ts";
import { type Nearness, nearness } from "./nearness.ts";
import {
  averageNearest,
  pooledDistances,
  pooledRecipe,
  poolProfiles,
} from "./pool.ts";
import { judge, type Presence, refined, similarityTo } from "./presence.ts";
import type { Similarity } from "./calibration_range.ts";
import type { Profile } from "./profile.ts";
import { type CandidatePrompt, propose } from "./prompt.ts";
import { type Recipe, RECIPES } from "./recipe.ts";
import { maskedPatches, type Score, scoreCandidates } from "./retrieve.ts";
import type {
  Decoder,
  DecoderOutput,
  Embedding,
  ModelGeometry,
} from "./types.ts";

/** A candidate with its mask and its distance to the reference. */
export interface Candidate extends CandidatePrompt, DecoderOutput, Score {
  /** Index of the profile whose prototypes made it; the number of profiles for those of all together. */
  profile: number;
  /** The output of every pass, in order, where a trace was asked for; shared by candidates of equal points. */
  trace?: DecoderOutput[];
}

/**
 * How several profiles work together: `pooled`, see `pool.ts` and `similarity.ts`; or `nearest`, each proposes
 * and scores its own candidates, and the smallest distance wins.
 */
export const COMBINE = ["pooled", "nearest"] as const;
export type Combine = typeof COMBINE[number];

/** The nearest candidate, all of them, and whether the structure is there. */
export interface Segmentation {
  winner: Candidate;
  candidates: Candidate[];
  /** Of the answer: the winner's, or what pooled profiles make of several. */
  logits: Float32Array;
  presence: Presence & { similarity: Similarity | null };
  timings: StageTimings;
}

/** Milliseconds spent in each stage. */
export interface StageTimings {
  prompt: number;
  decode: number;
  retrieve: number;
  /** Whether the structure is there. */
  judge: number;
}

export interface SegmentOptions {
  recipe?: Recipe;
  passes?: number;
  /** How several profiles work together. */
  combine?: Combine;
  /** Whether every candidate's distance is wanted, or the winner's alone. */
  every?: boolean;
  /** Whether the output of every pass is kept. */
  trace?: boolean;
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

/**
 * Segments a target image: prompts, masks and distances for every candidate of every profile; the
 * answer is the one of smallest distance, the earliest among equals (paper, section 3), or, of several pooled
 * profiles, what the nearest ones have in common.
 *
 * @param references at least one, all made by the embedding's model.
 * @throws EdgeError `recipe-unsupported` when the model's decoder cannot be guided as the recipe wants.
 */
export async function segment(
  decoder: Decoder,
  embedding: Embedding,
  references: Profile[],
  model: ModelGeometry,
  {
    recipe = RECIPES.medical,
    passes,
    combine = "pooled",
    every = true,
    trace = false,
    now = () => performance.now(),
  }: SegmentOptions = {},
): Promise<Segmentation> {
  if (recipe.guided && !model.guided) throw cannotBeGuided();
  const frame = new Frame(embedding.image, model.size);
  const started = now();
  const isPooled = combine === "pooled" && references.length > 1;
  const profiles = isPooled
    ? [...references, poolProfiles(references)]
    : references;
  const proposals = profiles.map((profile, p) =>
    propose(
      embedding,
      profile,
      model,
      p < references.length ? recipe : pooledRecipe(recipe),
    )
  );
  const means = profiles.map(({ patches }) =>
    recipe.guided ? meanPatch(patches, model.channels) : null
  );

  const prompted = now();
  type Decoded = DecoderOutput & Pick<Candidate, "trace">;
  const decoded: Decoded[][] = [];
  const known = new Map<string, Decoded>();
  for (const [p, proposed] of proposals.entries()) {
    const mean = means[p];
    const outputs: Decoded[] = [];
    for (const { prompt, maps } of proposed) {
      const guidance = mean === null ? undefined : {
        similarity: attentionSimilarity(meanMap(maps()), model, frame),
        target: mean,
      };
      // Equal points give equal masks, unless they are guided, which depends on the maps.
      const key = prompt.points.map(({ x, y, label }) => [x, y, label]).join();
      const decode = async (): Promise<Decoded> => {
        const seen: DecoderOutput[] = [];
        const onPass = trace
          ? (output: DecoderOutput) => seen.push(output)
          : undefined;
        const options = { passes, guidance, onPass };
        const output = await cascade(
          decoder,
          embedding,
          frame,
          model,
          prompt,
          options,
        );
        return trace ? { ...output, trace: seen } : output;
      };
      const output = guidance === undefined && known.get(key) || await decode();
      known.set(key, output);
      outputs.push(output);
    }
    decoded.push(outputs);
  }

  const retrieving = now();
  const { data } = embedding.tensors.image_embeddings;
  const pick = (patches: Int32Array) =>
    pickPatches(data, model.channels, patches);
  const scored = isPooled
    ? scoreTogether(references, pick, model, decoded)
    : scoreApart(references, pick, model, decoded, every);
  const candidates = proposals.flatMap((proposed, p) =>
    proposed.map(({ prompt }, i) => ({
      ...prompt,
      ...decoded[p][i],
      ...scored[p][i],
      profile: p,
    }))
  );
  // A bound is above some distance, so that only a distance can be the least.
  const winner = candidates.reduce((best, next) =>
    next.distance < best.distance ? next : best
  );
  const near = isPooled
    ? nearness(references, toPatches(data, model.channels), model, frame)
    : null;
  const logits = (isPooled && blend(candidates, near)) || winner.logits;
  const retrieved = now();
  const presence = judged(
    embedding,
    references,
    { ...winner, logits },
    candidates,
    model,
  );
  const done = now();
  return {
    winner,
    candidates,
    logits,
    presence,
    timings: {
      prompt: prompted - started,
      decode: retrieving - prompted,
      retrieve: retrieved - retrieving,
      judge: done - retrieved,
    },
  };
}

/** Every profile's own candidates by their distance to it. */
function scoreApart(
  profiles: Profile[],
  pick: PickPatches,
  model: ModelGeometry,
  decoded: DecoderOutput[][],
  every: boolean,
): Score[][] {
  let best = Infinity;
  return profiles.map(({ patches }, p) => {
    const masks = decoded[p].map(({ logits }) => maskedPatches(logits, model));
    const options = { every, best };
    const scores = scoreCandidates(
      patches,
      pick,
      model.channels,
      masks,
      options,
    );
    for (const { distance } of scores) best = Math.min(best, distance);
    return scores;
  });
}

/** All candidates by their distance to all references. */
function scoreTogether(
  references: Profile[],
  pick: PickPatches,
  model: ModelGeometry,
  decoded: DecoderOutput[][],
): Score[][] {
  const distances = pooledDistances(references, pick, model, decoded.flat());
  let at = 0;
  return decoded.map((outputs) =>
    outputs.map(() => ({ distance: distances[at++], isBound: false }))
  );
}

/** The nearest candidates' masks and the nearness of patches in one, as logits; null where no mask holds a patch. */
function blend(
  candidates: Candidate[],
  near: Nearness | null,
): Float32Array | null {
  const inside = averageNearest(candidates);
  if (inside === null) return null;
  return inside.map((p, i) => {
    const both = near === null
      ? p
      : p * (1 - near.weight) + near.inside[i] * near.weight;
    return Math.log(Math.max(both, TINY) / Math.max(1 - both, TINY));
  });
}

/** Gives the listed patches of the target, raw. */
type PickPatches = (patches: Int32Array) => Float32Array;

/** Probability that keeps logits finite. */
const TINY = 1e-7;

/** Judges the winner by the reference that made it, of pooled ones by that of the nearest candidate; beside the others. */
function judged(
  embedding: Embedding,
  profiles: Profile[],
  winner: Candidate,
  candidates: Candidate[],
  model: ModelGeometry,
): Segmentation["presence"] {
  const { logits } = winner;
  const { profile: at } = winner.profile < profiles.length
    ? winner
    : candidates.filter((candidate) => candidate.profile < profiles.length)
      .reduce((best, next) => next.distance < best.distance ? next : best);
  const profile = profiles[at];
  const masked = maskedPatches(logits, model);
  const similarity = similarityTo(embedding, profile, masked, model);
  const own = candidates.filter((candidate) => candidate.profile === at);
  const empty = new Frame(embedding.image, model.size)
    .toBox(logits, model.lowResMask) === null;
  const calibrationRange = refined(
    profile,
    profiles.filter((_, p) => p !== at),
  );
  const presence = judge(
    similarity,
    calibrationRange,
    agreement(winner, own),
    empty,
  );
  return { ...presence, similarity };
}

function cannotBeGuided(): EdgeError {
  return new EdgeError(
    "recipe-unsupported",
    "Cannot segment by the natural recipe: the model's decoder lacks its inputs " +
      "(attention_similarity, target_embedding) or its multimask outputs; " +
      "ask for the medical recipe, or serve a model exported with them.",
  );
}
