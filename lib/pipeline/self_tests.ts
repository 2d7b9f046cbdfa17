/** What segmenting a reference, or a varied copy of it, by its own profile gave. */
export interface SelfTest {
  /** Of the winner's mask with the annotation, 0..1. */
  dice: number;
  /** Of the winner, or Infinity when its mask is empty. */
  distance: number;
  /** Dice of the mask of every part count. */
  parts: { parts: number; dice: number }[];
}

export const VERDICTS = ["good", "weak", "unusable"] as const;
export type Verdict = typeof VERDICTS[number];

/** How far a reference finds itself again. */
export interface EnrolmentReport {
  verdict: Verdict;
  /** What to do, in plain words. */
  advice: string;
  /** Dice of the reference segmented by its own profile. */
  selfDice: number;
  /** The same of its varied copies, in the order in which they ran. */
  copies: { name: string; dice: number }[];
  /** Why copies are missing, in plain words; null when all ran. */
  skipped: string | null;
  /** Dice over the reference and its copies. */
  dice: { mean: number; worst: number };
  /** Mean Dice of every part count over the same, and the best of them; the least among equals. */
  parts: { best: number; dice: { parts: number; dice: number }[] };
  /** Distances over the same; null where a mask was empty. */
  distance: { least: number; mean: number; most: number } | null;
}

/** From these Dice on a reference is good: the mean, and the worst. */
const GOOD = { mean: 0.8, worst: 0.6 };
/** Below this mean Dice it cannot be used: it misses more of itself than it finds. */
const USABLE = 0.5;
/** Annotated patches below which a structure is called small. */
const SMALL = 6;

/**
 * Judges a reference by its trials.
 *
 * @param self of the reference itself.
 * @param patches annotated patches.
 */
export function reportOf(
  self: SelfTest,
  copies: { name: string; trial: SelfTest }[],
  skipped: string | null,
  patches: number,
): EnrolmentReport {
  const trials = [self, ...copies.map(({ trial }) => trial)];
  const scores = trials.map(({ dice }) => dice);
  const dice = { mean: mean(scores), worst: Math.min(...scores) };
  const parts = self.parts.map(({ parts }) => ({
    parts,
    dice: mean(
      trials.flatMap((trial) =>
        trial.parts.filter((one) => one.parts === parts)
      ).map(({ dice }) => dice),
    ),
  }));
  const best = parts.reduce((best, next) =>
    next.dice > best.dice ? next : best
  );
  const distances = trials.map(({ distance }) => distance);
  const verdict = verdictOf(dice);
  return {
    verdict,
    advice: adviceOf(verdict, self, copies, patches),
    selfDice: self.dice,
    copies: copies.map(({ name, trial }) => ({ name, dice: trial.dice })),
    skipped,
    dice,
    parts: { best: best.parts, dice: parts },
    distance: distances.every(Number.isFinite)
      ? {
        least: Math.min(...distances),
        mean: mean(distances),
        most: Math.max(...distances),
      }
      : null,
  };
}

function verdictOf({ mean, worst }: EnrolmentReport["dice"]): Verdict {
  if (mean < USABLE) return "unusable";
  return mean >= GOOD.mean && worst >= GOOD.worst ? "good" : "weak";
}

/** What a copy's failure says about the reference. */
const WEAKNESSES: Record<string, string> = {
  brighter: "when the image is brighter",
  smaller: "when it is smaller",
  moved: "when it has moved",
  noisy: "when the image is noisier",
};

function adviceOf(
  verdict: Verdict,
  self: SelfTest,
  copies: { name: string; trial: SelfTest }[],
  patches: number,
): string {
  if (verdict === "good") {
    return copies.length > 0
      ? "The structure is found again in this image and in varied copies of it."
      : "The structure is found again in this image.";
  }
  const small = patches < SMALL
    ? " The structure is very small in it: a closer crop helps."
    : "";
  if (verdict === "unusable") {
    return "The structure is not found again even in this image. Check that the outline follows its visible " +
      `border, or annotate an image where it stands out from its surroundings.${small}`;
  }
  if (self.dice < GOOD.mean) {
    return "Only part of the outline is found again in this image. Check the outline, or annotate another image " +
      `where the border is clearer; a second reference helps too.${small}`;
  }
  const lost = copies.filter(({ trial }) => trial.dice < GOOD.mean);
  const when = lost.map(({ name }) => WEAKNESSES[name]).join(", or ");
  return `The structure is found again in this image, but less well ${when}. ` +
    `Add a reference that differs in this, or one where it stands out more.${small}`;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
