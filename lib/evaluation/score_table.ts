import type { Method } from "./methods.ts";
import type { Evaluation, PerMethod } from "./report.ts";
import type { Score } from "./metrics.ts";

/**
 * A Markdown table: Dice / IoU in percent, a row per subject, two per set and,
 * for several sets, two for the mean over them; below it, which images a column
 * is scored on.
 */
export function table(
  { sets, meanOverSets }: Evaluation,
  methods: PerMethod<Method>,
): string {
  const columns = Object.keys(methods);
  const given = columns.find((key) => methods[key].on === "targets")!;
  const row = (name: string, scores: PerMethod<Score>) => [
    name,
    scores[given].images,
    ...columns.map((key) => percent(scores[key])),
  ];
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
  const titles = columns.map((key) => methods[key].title);
  const heading = ["Dice / IoU, %", "targets", ...titles];
  const rule = ["---", "--:", ...columns.map(() => "--:")];
  const lines = [heading, rule, ...rows].map((cells) =>
    `| ${cells.join(" | ")} |`
  );
  return [...lines, "", note(methods)].join("\n");
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
