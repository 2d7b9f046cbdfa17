import { cascade, decodeOnce } from "./cascade.ts";
import { joinMaps, type MatchMaps, matchMaps } from "./match_maps.ts";
import { pooledRecipe } from "./pool.ts";
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

/** A candidate of dense matching, decoded. */
export interface DenseCandidate {
  prompt: CandidatePrompt;
  output: DecoderOutput;
  /** IoU with the structure that the decoder expects of the mask, by the match maps. */
  rating: number;
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
  const { pool: prototypes } = references;
  const index = profiles.length;
  return [{ profiles, prototypes, recipe: pooledRecipe(recipe), index }];
}

/**
 * Dense matching, beyond the paper: every patch of the target is matched with all patches of the references, annotated
 * and not, into maps that the decoder is given in every pass. One candidate has the maps alone, the others also have the
 * points of the paper's prototypes. In a further pass the decoder rates each mask by the maps.
 *
 * @param target of a model that is `matched`.
 */
export async function decodeDense(
  target: Target,
  group: Group,
  maps: MatchMaps,
  passes: number | undefined,
): Promise<DenseCandidate[]> {
  const matchMaps = joinMaps(maps);
  const prompts = [
    MAPS_ALONE,
    ...propose(target, group.prototypes, group.recipe)
      .map(({ prompt }) => prompt),
  ];
  const candidates: DenseCandidate[] = [];
  for (const prompt of prompts) {
    const trace: DecoderOutput[] = [];
    const output = await cascade(target, prompt, {
      passes,
      matchMaps,
      onPass: (output) => trace.push(output),
    });
    const rating = await rate(target, prompt, output, matchMaps);
    candidates.push({ prompt, output, rating, trace, group });
  }
  return candidates;
}

/** The IoU that the decoder expects of a mask with the structure that the maps speak of. */
async function rate(
  target: Target,
  { points }: CandidatePrompt,
  { logits: mask }: DecoderOutput,
  matchMaps: Float32Array,
): Promise<number> {
  const box = target.coordinates.toBox(mask);
  if (box === null) return 0;
  const { rating } = await decodeOnce(target, { points, box, mask, matchMaps });
  // A decoder that takes match maps gives it.
  return rating!;
}

/** The maps of every group; null where a profile was stored without its background. */
export function mapsOf(target: Target, groups: Group[]): MatchMaps[] | null {
  const maps = groups.map(({ profiles }) => matchMaps(target, profiles));
  return maps.includes(null) ? null : maps as MatchMaps[];
}
