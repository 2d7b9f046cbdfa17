import type { Calibration, Calibrations } from "./calibration.ts";
import type { Sample } from "./calibration_answers.ts";
import { markdownTable } from "./markdown_table.ts";

const HEADING = [
  "calibration",
  "targets",
  "images of others",
  "ROC AUC of presence",
  "targets kept, %",
  "others refused, %",
  "Spearman of confidence",
  "of distance",
  "of predicted IoU",
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
  const { set, targets, others, auc, kept, refused, spearman, gain } =
    calibration;
  return [
    `**${set}**`,
    targets,
    others,
    decimals(auc, 3),
    decimals(kept, 1, 100),
    decimals(refused, 1, 100),
    decimals(spearman.confidence, 2),
    decimals(spearman.distance, 2),
    decimals(spearman.predictedIou, 2),
    decimals(gain, 1, 100),
  ];
}

function decimals(value: number | null, digits: number, factor = 1): string {
  return value === null ? "–" : (factor * value).toFixed(digits);
}

/** What the table's figures are of, in words. */
export function calibrationNote(sample?: Sample): string {
  const drawn = sample === undefined
    ? ""
    : `, at most ${sample.others} of each set, drawn with seed ${sample.seed}`;
  return "Dice is that of the winner's mask whether or not the structure is called present. Images of others are " +
    `those of the set's other subjects${drawn}.`;
}
