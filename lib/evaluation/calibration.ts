import type { OwnAnswer, SetAnswers } from "./calibration_answers.ts";
import {
  calibrationError,
  gainOfRejecting,
  rocAuc,
  spearman,
} from "./statistics.ts";

/** How well the answers to some images predict their own quality. */
export interface Calibration {
  set: string;
  targets: number;
  others: number;
  /** Area under the ROC curve of the presence score, targets against images of other subjects; null without these. */
  auc: number | null;
  /** Share of the targets that are called present. */
  kept: number;
  /** Share of the images of others that are called absent; null without these. */
  refused: number | null;
  /** Pieces of the subjects' own images that do not show the structure, and the share of them that is called absent. */
  without: number;
  withoutRefused: number | null;
  /** Rank correlation with the true Dice; the distance, which should fall as Dice rises, is negated. */
  spearman: {
    confidence: number | null;
    distance: number | null;
    predictedIou: number | null;
  };
  /** Expected calibration error of the confidence as the chance of a good Dice; null without a target. */
  error: number | null;
  /** What rejecting the least trusted fifth adds to the mean Dice. */
  gain: number | null;
}

/** The calibration of each set and, for several sets, the mean of these and the calibration of all answers together. */
export interface Calibrations {
  sets: Calibration[];
  mean: Calibration | null;
  together: Calibration | null;
}

/** Measures the answers of sets. */
export function calibrate(answers: SetAnswers[]): Calibrations {
  const sets = answers.map(calibrationOf);
  if (sets.length < 2) return { sets, mean: null, together: null };
  const together = calibrationOf(allTogether(answers));
  return { sets, together, mean: meanOf(sets, together) };
}

/** The answers of several sets as those of one. */
export function allTogether(answers: SetAnswers[]): SetAnswers {
  return {
    set: "all answers together",
    own: answers.flatMap(({ own }) => own),
    others: answers.flatMap(({ others }) => others),
    without: answers.flatMap(({ without }) => without),
  };
}

function calibrationOf({ set, own, others, without }: SetAnswers): Calibration {
  const truth = own.map(({ dice }) => dice);
  const rank = (of: (answer: OwnAnswer) => number) =>
    spearman(own.map(of), truth);
  const shareOfPresent = (answers: { present: boolean }[]) =>
    answers.filter(({ present }) => present).length / answers.length;
  return {
    set,
    targets: own.length,
    others: others.length,
    auc: rocAuc(
      own.map(({ score }) => score),
      others.map(({ score }) => score),
    ),
    kept: shareOfPresent(own),
    refused: others.length > 0 ? 1 - shareOfPresent(others) : null,
    without: without.length,
    withoutRefused: without.length > 0 ? 1 - shareOfPresent(without) : null,
    spearman: {
      confidence: rank(({ confidence }) => confidence),
      distance: rank(({ distance }) => -distance),
      predictedIou: rank(({ predictedIou }) => predictedIou),
    },
    error: calibrationError(own),
    gain: gainOfRejecting(own, 0.2),
  };
}

/** The mean of several calibrations; each figure is the mean of the sets that have it. */
function meanOf(sets: Calibration[], together: Calibration): Calibration {
  const mean = (of: (one: Calibration) => number | null) => {
    const known = sets.map(of).filter((value) => value !== null);
    if (known.length === 0) return null;
    return known.reduce((a, b) => a + b, 0) / known.length;
  };
  return {
    ...together,
    set: "mean over sets",
    auc: mean(({ auc }) => auc),
    kept: mean(({ kept }) => kept)!,
    refused: mean(({ refused }) => refused),
    withoutRefused: mean(({ withoutRefused }) => withoutRefused),
    spearman: {
      confidence: mean(({ spearman }) => spearman.confidence),
      distance: mean(({ spearman }) => spearman.distance),
      predictedIou: mean(({ spearman }) => spearman.predictedIou),
    },
    error: mean(({ error }) => error),
    gain: mean(({ gain }) => gain),
  };
}
