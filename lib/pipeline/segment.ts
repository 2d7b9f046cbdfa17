import { EdgeError } from "../core/errors.ts";
import { agreement } from "./agreement.ts";
import type { Similarity } from "./calibration_range.ts";
import { cascade, PASSES } from "./cascade.ts";
import { attentionSimilarity, meanMap, meanPatch } from "./guidance.ts";
import {
  decodeDense,
  type DenseCandidate,
  finish,
  type Group,
  groupsOf,
  mapsOf,
} from "./dense.ts";
import type { MatchMaps } from "./match_maps.ts";
import { proposeByMap } from "./map_prompt.ts";
import { nearness } from "./nearness.ts";
import { blendNearest, pooledDistances, pooledRecipe } from "./pool.ts";
import { judge, judgePredicted, type Presence, relate } from "./presence.ts";
import { type CandidatePrompt, type Proposal, propose } from "./prompt.ts";
import { defaultRecipe, type Recipe, RECIPES } from "./recipe.ts";
import type { ReferenceSet } from "./reference_set.ts";
import { type Score, scoreCandidates } from "./retrieve.ts";
import { similarityTo } from "./similarity.ts";
import type { Target } from "./target.ts";
import type { DecoderOutput } from "./types.ts";

/** A candidate with its mask and its distance to the reference. */
export interface Candidate extends CandidatePrompt, DecoderOutput, Score {
  /** Index of the profile whose prototypes made it; the number of profiles for those of all together. */
  profile: number;
  /** The output of every pass, in order, where a trace was asked for; shared by candidates of equal points. */
  trace?: DecoderOutput[];
}

/**
 * How several profiles work together: `pooled`, see `pool.ts` and `nearness.ts`; or `nearest`, where each proposes and
 * scores its own candidates, and the smallest distance wins.
 */
export const COMBINE = ["pooled", "nearest"] as const;
export type Combine = typeof COMBINE[number];

/** The chosen candidate, all of them, and whether the structure is there. */
export interface Segmentation {
  winner: Candidate;
  candidates: Candidate[];
  /** What the winner was chosen by: the least distance, or the best rating by the match maps. */
  chosenBy: "distance" | "rating";
  /** Of the answer: the winner's, or what pooled profiles make of several. */
  logits: Float32Array;
  presence: Presence;
  /** How like the reference the answer is; null for profiles enrolled before presence scoring. */
  similarity: Similarity | null;
  /** With dense matching, what the references say of every patch: of the group that the winner is of. */
  maps: MatchMaps | null;
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
  /** By default the model's own, see `defaultRecipe`. */
  recipe?: Recipe | undefined;
  /** Passes of the cascade; fewer than the method's for baselines. */
  passes?: number | undefined;
  combine?: Combine;
  /** Whether every candidate's distance is wanted, or the winner's alone. */
  every?: boolean;
  /** Whether the output of every pass is kept. */
  trace?: boolean;
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

/**
 * Segments a target image (paper, section 3): every profile proposes candidates, each is decoded to a mask, and the
 * answer is the mask whose patches are nearest to the reference's, the earliest among equals. Of several pooled
 * profiles it is what the nearest candidates have in common.
 *
 * @throws EdgeError `recipe-unsupported` when the model's decoder cannot be guided as the recipe wants.
 *
 * @example
 * ```ts ignore
 * const target = new Target(embedding, decoder, model);
 * const references = new ReferenceSet([enrol(annotated, mask, model)]);
 * const { logits, presence } = await segment(target, references);
 * const mask = target.toMask(logits);
 * ```
 */
export async function segment(
  target: Target,
  references: ReferenceSet,
  {
    recipe = RECIPES[defaultRecipe(target.model.matched)],
    passes,
    combine = "pooled",
    every = true,
    trace = false,
    now = () => performance.now(),
  }: SegmentOptions = {},
): Promise<Segmentation> {
  if (recipe.guided && !target.model.guided) throw cannotBeGuided();
  const isPooled = combine === "pooled" && references.profiles.length > 1;
  if (recipe.dense && target.model.matched) {
    const groups = groupsOf(references, recipe, isPooled);
    const options = { passes, every, trace, now };
    const dense = await segmentDense(target, references, groups, options);
    if (dense !== null) return dense;
  }

  const started = now();
  const paper = recipe.dense ? RECIPES.medical : recipe;
  const groups = groupsOf(references, paper, isPooled);
  const maps = recipe.dense ? mapsOf(target, groups) : null;
  const proposed = proposeAll(target, references, paper, isPooled);
  maps?.forEach((own, i) => {
    const profile = groups[i]!.index;
    proposed.push({ ...proposeByMap(target, own), profile, guide: null });
  });
  const prompted = now();
  const decoded = await decodeAll(target, proposed, { passes, trace });
  const retrieving = now();
  const scores = isPooled
    ? pooledDistances(target, references.profiles, decoded)
    : scoreApart(target, references, proposed, decoded, every);
  const candidates = proposed.map(({ prompt, profile }, i): Candidate => ({
    ...prompt,
    ...decoded[i]!,
    ...scores[i]!,
    profile,
  }));
  const winner = nearest(candidates);
  const logits = isPooled
    ? blendPooled(target, references, candidates) ?? winner.logits
    : winner.logits;
  const retrieved = now();
  const judged = judgeAnswer(
    target,
    references,
    { ...winner, logits },
    candidates,
  );
  return {
    winner,
    candidates,
    chosenBy: "distance",
    logits,
    ...judged,
    maps: maps?.[groups.findIndex(({ index }) => index === winner.profile)] ??
      maps?.[0] ?? null,
    timings: {
      prompt: prompted - started,
      decode: retrieving - prompted,
      retrieve: retrieved - retrieving,
      judge: now() - retrieved,
    },
  };
}

/**
 * Segments by dense matching. The answer is the candidate of whose first mask the decoder expects most; it alone is
 * decoded to the end. What the decoder expects of a mask it has just drawn tells less of whether that is the structure
 * than its rating of a mask it is given; so the rating is reported as the predicted IoU of the answer.
 *
 * @returns null where a profile was stored without its background, so that it cannot be matched.
 */
async function segmentDense(
  target: Target,
  references: ReferenceSet,
  groups: Group[],
  { passes = PASSES, every, trace, now }:
    & Pick<SegmentOptions, "passes">
    & Required<Pick<SegmentOptions, "every" | "trace" | "now">>,
): Promise<Segmentation | null> {
  const started = now();
  const maps = mapsOf(target, groups);
  if (maps === null) return null;
  const prompted = now();
  const decoded: DenseCandidate[] = [];
  for (const [i, group] of groups.entries()) {
    decoded.push(...await decodeDense(target, group, maps[i]!));
  }
  const likely = decoded.reduce((best, next) =>
    next.rating > best.rating ? next : best
  );
  const own = maps[groups.indexOf(likely.group)]!;
  const best = await finish(target, likely, own, passes);
  decoded[decoded.indexOf(likely)] = best;
  const retrieving = now();
  const scores = distancesOf(target, every ? decoded : [best]);
  const candidates = decoded.map((one): Candidate => ({
    ...one.prompt,
    ...one.output,
    predictedIou: one.rating,
    ...scores.get(one) ?? { distance: 0, isBound: true },
    profile: one.group.index,
    ...(trace && { trace: one.trace }),
  }));
  const winner = candidates[decoded.indexOf(best)]!;
  const retrieved = now();
  return {
    winner,
    candidates,
    chosenBy: "rating",
    logits: winner.logits,
    ...judgeDense(target, references, winner, best.box === null),
    maps: own,
    timings: {
      prompt: prompted - started,
      decode: retrieving - prompted,
      retrieve: retrieved - retrieving,
      judge: now() - retrieved,
    },
  };
}

/** The earth mover's distance of each candidate, to the nearest reference of its group. */
function distancesOf(
  target: Target,
  candidates: DenseCandidate[],
): Map<DenseCandidate, Score> {
  const scores = new Map<DenseCandidate, Score>();
  for (
    const [{ profiles }, own] of Map.groupBy(candidates, (one) => one.group)
  ) {
    const held = own.map(({ output }) => target.held(output.logits));
    const each = profiles.map(({ patches }) =>
      scoreCandidates(patches, target, held)
    );
    own.forEach((one, i) => {
      const distance = Math.min(...each.map((scored) => scored[i]!.distance));
      scores.set(one, { distance, isBound: false });
    });
  }
  return scores;
}

/** A candidate before it is decoded. */
interface Proposed extends Proposal {
  profile: number;
  /** The mean foreground patch that guides the decoder, where the recipe is guided. */
  guide: Float32Array | null;
  /** The mask that the first pass is given. */
  mask?: Float32Array;
}

function proposeAll(
  target: Target,
  references: ReferenceSet,
  recipe: Recipe,
  isPooled: boolean,
): Proposed[] {
  const { profiles } = references;
  const { channels } = target.model;
  const pooled = pooledRecipe(recipe);
  const all = isPooled
    ? [...profiles, references.poolOf(pooled.parts)]
    : profiles;
  return all.flatMap((profile, at) => {
    const own = at < profiles.length ? recipe : pooled;
    const guide = recipe.guided ? meanPatch(profile.patches, channels) : null;
    return propose(target, profile, own)
      .map((proposal) => ({ ...proposal, profile: at, guide }));
  });
}

type Decoded = DecoderOutput & Pick<Candidate, "trace">;

/** Decodes every candidate; those of equal points share one decoding, unless more than points prompts them. */
async function decodeAll(
  target: Target,
  proposed: Proposed[],
  { passes, trace }: Pick<SegmentOptions, "passes" | "trace">,
): Promise<Decoded[]> {
  const known = new Map<string, Decoded>();
  const decode = async ({ prompt, maps, guide, mask }: Proposed) => {
    const guidance = guide === null ? undefined : {
      similarity: attentionSimilarity(meanMap(maps()), target.coordinates),
      target: guide,
    };
    const seen: DecoderOutput[] = [];
    const output = await cascade(target, prompt, {
      passes,
      guidance,
      mask,
      onPass: (output) => seen.push(output),
    });
    return trace ? { ...output, trace: seen } : output;
  };
  const decoded: Decoded[] = [];
  for (const one of proposed) {
    const key = one.prompt.points.map(({ x, y, label }) => [x, y, label])
      .join();
    const isPlain = one.guide === null && one.mask === undefined;
    const output = (isPlain && known.get(key)) || await decode(one);
    if (isPlain) known.set(key, output);
    decoded.push(output);
  }
  return decoded;
}

/** Every profile's own candidates by their distance to it. */
function scoreApart(
  target: Target,
  { profiles }: ReferenceSet,
  proposed: Proposed[],
  decoded: DecoderOutput[],
  every: boolean,
): Score[] {
  let best = Infinity;
  return profiles.flatMap(({ patches }, at) => {
    const masks = decoded.filter((_, i) => proposed[i]!.profile === at)
      .map(({ logits }) => target.held(logits));
    const options = { every, best };
    const scores = scoreCandidates(patches, target, masks, options);
    for (const { distance } of scores) best = Math.min(best, distance);
    return scores;
  });
}

function blendPooled(
  target: Target,
  references: ReferenceSet,
  candidates: Candidate[],
): Float32Array | null {
  const calibrated = references.nearness;
  const near = calibrated && nearness(calibrated, target);
  return blendNearest(candidates, near);
}

/** The candidate of the least distance, the earliest among equals. A bound exceeds some distance and never wins. */
function nearest(candidates: Candidate[]): Candidate {
  return candidates.reduce((best, next) =>
    next.distance < best.distance ? next : best
  );
}

/** Judges the answer by the reference that made it; of pooled ones by that of the nearest candidate of its own. */
function judgeAnswer(
  target: Target,
  references: ReferenceSet,
  winner: Candidate,
  candidates: Candidate[],
): Pick<Segmentation, "presence" | "similarity"> {
  const { logits } = winner;
  const isOfOne = ({ profile }: Candidate) =>
    profile < references.profiles.length;
  const { profile: at } = isOfOne(winner)
    ? winner
    : nearest(candidates.filter(isOfOne));
  const { similarity, range } = compareWith(target, references, at, logits);
  const isEmpty = target.coordinates.toBox(logits) === null;
  const own = candidates.filter((candidate) => candidate.profile === at);
  const presence = judge(similarity, range, agreement(winner, own), isEmpty);
  return { presence, similarity };
}

/** What an answer is judged by: how like one of the references it is. */
function compareWith(
  target: Target,
  references: ReferenceSet,
  at: number,
  logits: Float32Array,
) {
  const profile = references.profiles[at]!;
  return {
    similarity: similarityTo(target, profile, target.held(logits)),
    range: references.rangeOf(at),
  };
}

/** Judges an answer of dense matching by what its decoder was trained to predict. */
function judgeDense(
  target: Target,
  references: ReferenceSet,
  { logits, predictedIou, profile }: Candidate,
  isEmpty: boolean,
): Pick<Segmentation, "presence" | "similarity"> {
  const { profiles } = references;
  const at = profile < profiles.length ? profile : 0;
  const { similarity, range } = compareWith(target, references, at, logits);
  const presence = judgePredicted(
    predictedIou,
    similarity,
    relate(similarity, range),
    target.model.calibration!,
    isEmpty,
  );
  return { presence, similarity };
}

function cannotBeGuided(): EdgeError {
  return new EdgeError(
    "recipe-unsupported",
    "Cannot segment by the natural recipe: the model's decoder lacks its inputs " +
      "(attention_similarity, target_embedding) or its multimask outputs; " +
      "ask for the medical recipe, or serve a model exported with them.",
  );
}
