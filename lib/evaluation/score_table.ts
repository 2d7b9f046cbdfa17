import { markdownTable } from "./markdown_table.ts";
import type { Method } from "./methods.ts";
import type { Score } from "./metrics.ts";
import type { Evaluation, PerMethod } from "./report.ts";

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
