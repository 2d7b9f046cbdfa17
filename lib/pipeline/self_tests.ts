import { dice } from "../core/mask.ts";
import type { Mask } from "../core/mask.ts";
import type { Box } from "../core/geometry.ts";
import { isAsGood, type LookAlike } from "./look_alike.ts";
import type { Similarity } from "./calibration_range.ts";
import type { Profile } from "./profile.ts";
import { ReferenceSet } from "./reference_set.ts";
import { segment } from "./segment.ts";
import type { Target } from "./target.ts";
import type { DecoderOutput } from "./types.ts";

/** What segmenting a reference, or an augmentation of it, by its own profile gave. */
export interface SelfTest {
  /** Of the winner's mask with the annotation, 0..1. */
  dice: number;
  /** Of the winner, or Infinity when its mask is empty. */
  distance: number;
  /** Dice of the mask of every part count. */
  parts: { parts: number; dice: number }[];
  /** How like the reference the image is; null where the profile holds nothing to tell by. */
  similarity: Similarity | null;
}

/** Segments an image of the reference by its own profile, and compares the masks with the annotation. */
export async function selfTest(
  target: Target,
  profile: Profile,
  annotation: Mask,
): Promise<SelfTest> {
  const references = new ReferenceSet([profile]);
  const { winner, candidates, similarity } = await segment(
    target,
    references,
    { every: false },
  );
  const score = ({ logits }: DecoderOutput) =>
    dice(target.toMask(logits).data, annotation.data);
  return {
    dice: score(winner),
    distance: winner.distance,
    parts: candidates.map((one) => ({ parts: one.parts, dice: score(one) })),
    similarity,
  };
}

export const VERDICTS = ["good", "weak", "ambiguous", "unusable"] as const;
export type Verdict = typeof VERDICTS[number];

/** How well a reference finds itself again. */
export interface SelfTestSummary {
  verdict: Verdict;
  /** Dice of the reference segmented by its own profile. */
  selfDice: number;
  /** The same of its augmentations, in the order in which they ran. */
  copies: { name: string; dice: number }[];
  /** Dice over the reference and its augmentations. */
  dice: { mean: number; worst: number };
  /** Mean Dice of every part count over the same, and the best of them; the least among equals. */
  parts: { best: number; dice: { parts: number; dice: number }[] };
  /** Distances over the same; null where a mask was empty. */
  distance: { least: number; mean: number; most: number } | null;
  /**
   * What else in the reference's own image looks most like the structure, and whether it looks as much like it as the
   * structure's own augmentations do; null where nothing does, or where that cannot be told.
   */
  lookAlike: { box: Box; distance: number; asGood: boolean } | null;
}

/** What is kept and answered of an enrolment: the summary, and what it means in words. */
export interface EnrolmentReport extends SelfTestSummary {
  /** What to do. */
  advice: string;
  /** Why augmentations are missing; null when all ran. */
  skipped: string | null;
}

/** From these Dice on a reference is good: the mean, and the worst. */
export const GOOD = { mean: 0.8, worst: 0.6 };
/** Below this mean Dice it cannot be used: it misses more of itself than it finds. */
const USABLE = 0.5;

/**
 * Judges a reference by its self-tests.
 *
 * @param self of the reference itself.
 * @param lookAlike what in its image, outside the annotation, is most like the structure.
 */
export function summarise(
  self: SelfTest,
  augmentations: { name: string; test: SelfTest }[],
  lookAlike: LookAlike | null = null,
): SelfTestSummary {
  const tests = [self, ...augmentations.map(({ test }) => test)];
  const scores = tests.map(({ dice }) => dice);
  const dice = { mean: mean(scores), worst: Math.min(...scores) };
  const parts = self.parts.map(({ parts }) => ({
    parts,
    dice: mean(
      tests.flatMap((test) => test.parts.filter((one) => one.parts === parts))
        .map(({ dice }) => dice),
    ),
  }));
  const best = parts.reduce((best, next) =>
    next.dice > best.dice ? next : best
  );
  const distances = tests.map(({ distance }) => distance);
  const distance = distances.every(Number.isFinite)
    ? {
      least: Math.min(...distances),
      mean: mean(distances),
      most: Math.max(...distances),
    }
    : null;
  const other = lookAlike && distance && {
    box: lookAlike.box,
    distance: lookAlike.distance,
    asGood: isAsGood(lookAlike, distance.mean),
  };
  return {
    verdict: verdictOf(dice, other?.asGood === true),
    selfDice: self.dice,
    copies: augmentations.map(({ name, test }) => ({ name, dice: test.dice })),
    dice,
    parts: { best: best.parts, dice: parts },
    distance,
    lookAlike: other,
  };
}

function verdictOf(
  { mean, worst }: SelfTestSummary["dice"],
  isAmbiguous: boolean,
): Verdict {
  if (mean < USABLE) return "unusable";
  if (isAmbiguous) return "ambiguous";
  return mean >= GOOD.mean && worst >= GOOD.worst ? "good" : "weak";
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
