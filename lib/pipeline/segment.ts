import { EdgeError } from "../errors.ts";
import { pickPatches } from "../numerics/patches.ts";
import { agreement } from "./agreement.ts";
import { cascade } from "./cascade.ts";
import { Frame } from "./frame.ts";
import { attentionSimilarity, meanMap, meanPatch } from "./guidance.ts";
import {
  judge,
  type Likeness,
  likenessOf,
  type Presence,
  refined,
} from "./presence.ts";
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
  /** Index of the profile whose prototypes made it. */
  profile: number;
  /** The output of every pass, in order, where a trace was asked for; shared by candidates of equal points. */
  trace?: DecoderOutput[];
}

/** The nearest candidate, all of them, and whether the structure is there. */
export interface Segmentation {
  winner: Candidate;
  candidates: Candidate[];
  presence: Presence & { likeness: Likeness | null };
  timings: StageTimings;
}

/** Milliseconds spent in each stage. */
export interface StageTimings {
  prompt: number;
  decode: number;
  retrieve: number;
}

export interface SegmentOptions {
  recipe?: Recipe;
  passes?: number;
  /** Whether every candidate's distance is wanted, or the winner's alone. */
  every?: boolean;
  /** Whether the output of every pass is kept. */
  trace?: boolean;
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

/**
 * Segments a target image: prompts, masks and distances for every candidate of every profile; the
 * answer is the one of smallest distance, the earliest among equals (paper, section 3).
 *
 * @param profiles at least one, all made by the embedding's model.
 * @throws EdgeError `recipe-unsupported` when the model's decoder cannot be guided as the recipe wants.
 */
export async function segment(
  decoder: Decoder,
  embedding: Embedding,
  profiles: Profile[],
  model: ModelGeometry,
  {
    recipe = RECIPES.medical,
    passes,
    every = true,
    trace = false,
    now = () => performance.now(),
  }: SegmentOptions = {},
): Promise<Segmentation> {
  if (recipe.guided && !model.guided) throw cannotBeGuided();
  const frame = new Frame(embedding.image, model.size);
  const started = now();
  const proposals = profiles.map((profile) =>
    propose(embedding, profile, model, recipe)
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
  let best = Infinity;
  const candidates = profiles.flatMap(({ patches }, p) => {
    const masks = decoded[p].map(({ logits }) => maskedPatches(logits, model));
    const scores = scoreCandidates(patches, pick, model.channels, masks, {
      every,
      best,
    });
    best = scores.reduce(
      (least, { distance }) => Math.min(least, distance),
      best,
    );
    return proposals[p].map(({ prompt }, i) => ({
      ...prompt,
      ...decoded[p][i],
      ...scores[i],
      profile: p,
    }));
  });
  // A bound is above some distance, so that only a distance can be the least.
  const winner = candidates.reduce((best, next) =>
    next.distance < best.distance ? next : best
  );
  const presence = judged(embedding, profiles, winner, candidates, model);
  const done = now();
  return {
    winner,
    candidates,
    presence,
    timings: {
      prompt: prompted - started,
      decode: retrieving - prompted,
      retrieve: done - retrieving,
    },
  };
}

/** Judges the winner by the reference that made it, beside the others. */
function judged(
  embedding: Embedding,
  profiles: Profile[],
  winner: Candidate,
  candidates: Candidate[],
  model: ModelGeometry,
): Segmentation["presence"] {
  const { profile: at, logits } = winner;
  const profile = profiles[at];
  const masked = maskedPatches(logits, model);
  const likeness = likenessOf(embedding, profile, masked, model);
  const own = candidates.filter((candidate) => candidate.profile === at);
  const empty = new Frame(embedding.image, model.size)
    .toBox(logits, model.lowResMask) === null;
  const yardstick = refined(profile, profiles.filter((_, p) => p !== at));
  const presence = judge(likeness, yardstick, agreement(winner, own), empty);
  return { ...presence, likeness };
}

function cannotBeGuided(): EdgeError {
  return new EdgeError(
    "recipe-unsupported",
    "Cannot segment by the natural recipe: the model's decoder lacks its inputs " +
      "(attention_similarity, target_embedding) or its multimask outputs; " +
      "ask for the medical recipe, or serve a model exported with them.",
  );
}
