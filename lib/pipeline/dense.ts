import { decodeOnce } from "./cascade.ts";
import { joinMaps, type MatchMaps, matchMaps } from "./match_maps.ts";
import { type CandidatePrompt, propose } from "./prompt.ts";
import type { Profile } from "./profile.ts";
import type { Recipe } from "./recipe.ts";
import type { ReferenceSet } from "./reference_set.ts";
import type { Target } from "./target.ts";
import type { DecoderOutput } from "./types.ts";

/** The prompt of the candidate that has the match maps alone. */
const MAPS_ALONE: CandidatePrompt = { parts: 0, negatives: 0, points: [] };

/** References that are matched together. */
export interface Group {
  profiles: readonly Profile[];
  /** Whose prototypes propose points. */
  prototypes: Profile;
  recipe: Recipe;
  /** Index of the profile; the number of profiles for all together. */
  index: number;
}

/** A candidate of dense matching, decoded as far as it is wanted. */
export interface DenseCandidate {
  prompt: CandidatePrompt;
  output: DecoderOutput;
  /**
   * IoU with the structure that the decoder expects, by the match maps: of the mask of the first pass, or once it is
   * finished of the output.
   */
  rating: number;
  /** The output of every pass. */
  trace: DecoderOutput[];
  group: Group;
}

/** How references are matched: all together, or each for itself. */
export function groupsOf(
  references: ReferenceSet,
  recipe: Recipe,
  isPooled: boolean,
): Group[] {
  const { profiles } = references;
  if (!isPooled) {
    return profiles.map((profile, index) => ({
      profiles: [profile],
      prototypes: profile,
      recipe,
      index,
    }));
  }
  const prototypes = references.poolOf(recipe.parts);
  const index = profiles.length;
  return [{ profiles, prototypes, recipe, index }];
}

/**
 * Dense matching, beyond the paper: every patch of the target is matched with all patches of the references, annotated
 * and not, into maps that the decoder is given in every pass. One candidate has the maps alone, the others also have the
 * points of the paper's prototypes. The second pass of each rates the mask of its first by the maps.
 *
 * @param target of a model that is `matched`.
 * @param passes of the whole cascade; the third is made of the best candidate alone, by `finish`.
 */
export async function decodeDense(
  target: Target,
  group: Group,
  maps: MatchMaps,
  passes: number,
): Promise<DenseCandidate[]> {
  const matchMaps = joinMaps(maps);
  const prompts = [
    MAPS_ALONE,
    ...propose(target, group.prototypes, group.recipe)
      .map(({ prompt }) => prompt),
  ];
  const candidates: DenseCandidate[] = [];
  for (const prompt of prompts) {
    const { points } = prompt;
    const first = await decodeOnce(target, { points, matchMaps });
    const mask = first.logits;
    const second = await decodeOnce(target, { points, mask, matchMaps });
    const trace = [first, second].slice(0, passes).map(outputOf);
    // A decoder that takes match maps rates the mask that it is given.
    const rating = target.coordinates.toBox(mask) === null ? 0 : second.rating!;
    candidates.push({ prompt, output: trace.at(-1)!, rating, trace, group });
  }
  return candidates;
}

/** The last pass of the best candidate, with the box of its mask (paper, section 3.2), and the rating of the outcome. */
export async function finish(
  target: Target,
  candidate: DenseCandidate,
  maps: MatchMaps,
  passes: number,
): Promise<DenseCandidate> {
  if (passes === 1) return candidate;
  const matchMaps = joinMaps(maps);
  const { prompt: { points }, trace } = candidate;
  const next = (mask: Float32Array) => {
    const box = target.coordinates.toBox(mask) ?? undefined;
    return decodeOnce(target, { points, box, mask, matchMaps });
  };
  let { output } = candidate;
  if (passes > 2) output = outputOf(await next(output.logits));
  const isEmpty = target.coordinates.toBox(output.logits) === null;
  const rating = isEmpty ? 0 : (await next(output.logits)).rating!;
  return {
    ...candidate,
    output,
    rating,
    trace: passes > 2 ? [...trace, output] : trace,
  };
}

function outputOf({ logits, predictedIou }: DecoderOutput): DecoderOutput {
  return { logits, predictedIou };
}

/** The maps of every group; null where a profile was stored without its background. */
export function mapsOf(target: Target, groups: Group[]): MatchMaps[] | null {
  const maps = groups.map(({ profiles }) => matchMaps(target, profiles));
  return maps.includes(null) ? null : maps as MatchMaps[];
}
