import type { Calibration, Calibrations } from "./calibration.ts";
import type { Sample } from "./calibration_answers.ts";
import type { EvaluationOptions, EvaluationResult } from "./evaluation.ts";
import { chosenMethods, type Method } from "./methods.ts";
import type { Score } from "./metrics.ts";
import type { Evaluation, PerMethod } from "./report.ts";

/** The result of an evaluation as Markdown. */
export function evaluationText(
  evaluation: EvaluationResult,
  options: EvaluationOptions,
): string {
  const { worstThird: worst, calibration } = evaluation;
  const { clicks, sample } = options;
  const paragraphs = [scoreTable(evaluation, chosenMethods(options))];
  if (worst !== undefined) {
    const [before, after] = [worst.before, worst.after]
      .map((dice) => (100 * dice).toFixed(1));
    const corrected = clicks === 1 ? "one click" : `${clicks} clicks`;
    paragraphs.push(
      `Worst third of the answers (${worst.images}), mean Dice: ${before}; after ${corrected} ${after}.`,
    );
  }
  if (calibration !== undefined) {
    paragraphs.push(calibrationTable(calibration), calibrationNote(sample));
  }
  return paragraphs.join("\n\n");
}

/**
 * A Markdown table of Dice / IoU in percent: a row per subject, two per set and, for several sets, two for the mean
 * over them. Below it a note says which images a column is scored on.
 */
export function scoreTable(
  { sets, meanOverSets }: Evaluation,
  methods: PerMethod<Method>,
): string {
  const given = Object.values(methods).findIndex(({ on }) => on === "targets");
  const row = (name: string, perMethod: PerMethod<Score>) => {
    const scores = Object.keys(methods).flatMap((key) => perMethod[key] ?? []);
    return [name, scores[given]?.images ?? 0, ...scores.map(percent)];
  };
  const rows = sets.flatMap(({ set, subjects, videoMean, imageMean }) => [
    ...subjects.map(({ subject, scores }) => row(`${set}: ${subject}`, scores)),
    row(`**${set}**, mean over subjects`, videoMean),
    row(`**${set}**, mean over images`, imageMean),
  ]);
  if (meanOverSets !== null) {
    const { videoMean, imageMean } = meanOverSets;
    rows.push(
      row("**mean over sets**, of the means over subjects", videoMean),
      row("**mean over sets**, of the means over images", imageMean),
    );
  }
  const titles = Object.values(methods).map(({ title }) => title);
  const heading = ["Dice / IoU, %", "targets", ...titles];
  return `${markdownTable(heading, rows)}\n\n${note(methods)}`;
}

function percent({ dice, iou }: Score): string {
  return `${(100 * dice).toFixed(1)} / ${(100 * iou).toFixed(1)}`;
}

function note(methods: PerMethod<Method>): string {
  const titles = Object.values(methods).filter(({ on }) => on === "all")
    .map(({ title }) => title);
  return `The prompts of ${titles.join(" and ")} come from the true mask. ` +
    "They need no reference, so the reference images are scored too, but no image without the structure; " +
    "the other columns are scored on the targets.";
}

const HEADING = [
  "calibration",
  "targets",
  "images of others",
  "ROC AUC of presence",
  "targets kept, %",
  "others refused, %",
  "pieces without it",
  "refused, %",
  "Spearman of confidence",
  "of distance",
  "of predicted IoU",
  "calibration error of confidence",
  "Dice gained by rejecting 20 %",
];

/** A Markdown table of calibrations: a row per set and, for several sets, one each for their mean and for all answers. */
export function calibrationTable(
  { sets, mean, together }: Calibrations,
): string {
  const rows = [...sets, mean, together].filter((one) => one !== null);
  return markdownTable(HEADING, rows.map(rowOf));
}

function rowOf(calibration: Calibration) {
  const { set, targets, others, auc, kept, refused } = calibration;
  const { without, withoutRefused, spearman, error, gain } = calibration;
  return [
    `**${set}**`,
    targets,
    others,
    decimals(auc, 3),
    decimals(kept, 1, 100),
    decimals(refused, 1, 100),
    without,
    decimals(withoutRefused, 1, 100),
    decimals(spearman.confidence, 2),
    decimals(spearman.distance, 2),
    decimals(spearman.predictedIou, 2),
    decimals(error, 2),
    decimals(gain, 1, 100),
  ];
}

function decimals(value: number | null, digits: number, factor = 1): string {
  return value === null ? "–" : (factor * value).toFixed(digits);
}

/** What the table's figures are of, in words. */
function calibrationNote(sample?: Sample): string {
  const drawn = sample === undefined
    ? ""
    : `, at most ${sample.others} of each set, drawn with seed ${sample.seed}`;
  return "Dice is that of the winner's mask whether or not the structure is called present. Images of others are " +
    `those of the set's other subjects${drawn}. Pieces without it are the largest parts of the targets that do not ` +
    "show the structure, where they are a third of the image.";
}

/** A Markdown table: the first column is aligned to the left, the others, of figures, to the right. */
function markdownTable(heading: string[], rows: (string | number)[][]): string {
  const rule = heading.map((_, column) => column === 0 ? "---" : "--:");
  return [heading, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
