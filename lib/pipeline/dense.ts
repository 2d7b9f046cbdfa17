import type { Box } from "../core/geometry.ts";
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

/** A candidate of dense matching: the first pass, and of the best one the others. */
export interface DenseCandidate {
  prompt: CandidatePrompt;
  output: DecoderOutput;
  /** Of the output's mask, in image space; null where it is empty. */
  box: Box | null;
  /**
   * IoU with the structure that the decoder expects, by the match maps: of the first mask, and once it is finished of
   * the mask before the last pass.
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
 * points of the paper's prototypes. Here each is decoded once.
 *
 * @param target of a model that is `matched`.
 */
export async function decodeDense(
  target: Target,
  group: Group,
  maps: MatchMaps,
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
    const output = outputOf(await decodeOnce(target, { points, matchMaps }));
    const box = target.coordinates.toBox(output.logits);
    const rating = box === null ? 0 : output.predictedIou;
    candidates.push({ prompt, output, box, rating, trace: [output], group });
  }
  return candidates;
}

/**
 * The other passes of the best candidate: its mask, then also the box of its mask (paper, section 3.2). A decoder that
 * takes match maps rates the mask that it is given, so a single pass is followed by another that only rates it.
 *
 * @param passes of the whole cascade.
 */
export async function finish(
  target: Target,
  candidate: DenseCandidate,
  maps: MatchMaps,
  passes: number,
): Promise<DenseCandidate> {
  const matchMaps = joinMaps(maps);
  const { points } = candidate.prompt;
  let last = candidate;
  for (let pass = 2; pass <= Math.max(passes, 2); pass++) {
    const mask = last.output.logits;
    const box = pass > 2 ? last.box ?? undefined : undefined;
    const next = await decodeOnce(target, { points, box, mask, matchMaps });
    const rating = last.box === null ? 0 : next.rating!;
    if (pass > passes) return { ...last, rating };
    const output = outputOf(next);
    last = {
      ...last,
      output,
      box: target.coordinates.toBox(output.logits),
      rating,
      trace: [...last.trace, output],
    };
  }
  return last.box === null ? { ...last, rating: 0 } : last;
}

function outputOf({ logits, predictedIou }: DecoderOutput): DecoderOutput {
  return { logits, predictedIou };
}

/** The maps of every group; null where a profile was stored without its background. */
export function mapsOf(target: Target, groups: Group[]): MatchMaps[] | null {
  const maps = groups.map(({ profiles }) => matchMaps(target, profiles));
  return maps.includes(null) ? null : maps as MatchMaps[];
}
