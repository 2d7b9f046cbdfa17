import { encodePng } from "../codecs/png/encode.ts";
import { misuse } from "./arguments.ts";
import {
  answerSet,
  calibrate,
  calibrationTable,
  questionsOf,
  type Sample,
  type SetAnswers,
} from "../evaluation/calibration.ts";
import { type Dataset, findDatasets } from "../evaluation/data_set.ts";
import type { Engines } from "./engines.ts";
import {
  EVALUATE_USAGE,
  type EvaluateOptions,
  readOptions,
} from "./evaluate_options.ts";
import { countSet, scoredSubjects } from "../evaluation/evaluate_set.ts";
import {
  ablationsOf,
  corrected,
  type Method,
  methodsOf,
  severalReferences,
} from "../evaluation/methods.ts";
import { createProgress } from "./progress.ts";
import {
  type PerMethod,
  type SetResult,
  type SubjectOverlaps,
  summarise,
  summariseSet,
  worstThird,
} from "../evaluation/report.ts";
import { COLOURS, drawRiskCoverage } from "../evaluation/risk_plot.ts";
import { coverageCurve } from "../evaluation/statistics.ts";
import { table } from "../evaluation/table.ts";

/**
 * Scores sets and prints a table, or JSON.
 *
 * @param openEngines of the model that the command line names, else of the configured one; `images` will be segmented.
 */
export async function evaluateFolders(
  args: string[],
  openEngines: (images: number, model?: string) => Promise<Engines>,
  maxPixels: number,
): Promise<void> {
  const options = readOptions(args);
  const { references, plot } = options;
  const datasets = options.folders.flatMap(findDatasets);
  const images = sum(
    datasets,
    (set) => sum(scoredSubjects(set, references), ({ pairs }) => pairs.length),
  );
  if (images === 0) {
    const why = `--references ${references} leaves no image to segment`;
    throw misuse(why, EVALUATE_USAGE);
  }
  const methods = methodsFor(options);
  const scores = await scoreSets(datasets, images, {
    options,
    methods,
    maxPixels,
    open: () => openEngines(images, options.model),
  });
  if (plot !== undefined) await plotAnswers(scores.answers, plot);
  if (options.json) printJson(scores, options);
  else printTables(scores, options, methods);
}

function methodsFor(
  { recipe, references, clicks, ablate }: EvaluateOptions,
): PerMethod<Method> {
  return {
    ...methodsOf(recipe),
    ...(references > 1 && severalReferences(recipe, references)),
    ...(clicks > 0 && corrected(recipe, clicks)),
    ...(ablate && ablationsOf(recipe)),
  };
}

/** What the sets gave. */
interface Scores {
  sets: SetResult[];
  overlaps: SubjectOverlaps[];
  /** Of each set where a calibration is asked for, else none. */
  answers: SetAnswers[];
}

async function scoreSets(
  datasets: Dataset[],
  images: number,
  { options, methods, maxPixels, open }: {
    options: EvaluateOptions;
    methods: PerMethod<Method>;
    maxPixels: number;
    open: () => Promise<Engines>;
  },
): Promise<Scores> {
  const { recipe, references, calibration, sample } = options;
  const questions = calibration
    ? sum(datasets, (set) => questionsOf(set, sample).length)
    : 0;
  await using engines = await open();
  const { engine, parallel } = engines;
  const { step, end } = createProgress(images + questions);
  const shared = { engine, maxPixels, parallel, step };
  const scores: Scores = { sets: [], overlaps: [], answers: [] };
  const { sets, overlaps, answers } = scores;
  try {
    for (const dataset of datasets) {
      const evaluator = { ...shared, methods, references };
      const counted = await countSet(dataset, evaluator);
      if (counted.length > 0) sets.push(summariseSet(dataset.name, counted));
      overlaps.push(...counted);
      if (!calibration) continue;
      answers.push(await answerSet(dataset, { ...shared, recipe, sample }));
    }
  } finally {
    end();
  }
  return scores;
}

function worstOf({ overlaps }: Scores, { clicks }: EvaluateOptions) {
  return clicks > 0 ? worstThird(overlaps, "p2sam", "corrected") : undefined;
}

function printJson(scores: Scores, options: EvaluateOptions): void {
  const { sets, answers } = scores;
  const { calibration, sample } = options;
  const all = {
    ...summarise(sets),
    ...(calibration && { calibration: calibrate(answers), sample, answers }),
    worstThird: worstOf(scores, options),
  };
  console.log(JSON.stringify(all, null, 2));
}

function printTables(
  scores: Scores,
  options: EvaluateOptions,
  methods: PerMethod<Method>,
): void {
  const { sets, answers } = scores;
  const { clicks, calibration, sample, plot } = options;
  console.log(table(summarise(sets), methods));
  const worst = worstOf(scores, options);
  if (worst !== undefined) {
    const [before, after] = [worst.before, worst.after].map((dice) =>
      (100 * dice).toFixed(1)
    );
    console.log(
      `\nWorst third of the answers (${worst.images}), mean Dice: ${before}; ` +
        `after ${clicks === 1 ? "one click" : `${clicks} clicks`} ${after}.`,
    );
  }
  if (calibration) {
    console.log(`\n${calibrationTable(calibrate(answers))}`);
    console.log(`\n${calibrationNote(sample)}`);
  }
  if (plot !== undefined) console.log(`\n${captionOf(answers)}`);
}

function sum<T>(items: T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function calibrationNote(sample?: Sample): string {
  const drawn = sample === undefined
    ? ""
    : `, at most ${sample.others} of each set, drawn with seed ${sample.seed}`;
  return "Dice is that of the winner's mask whether or not the structure is called present. Images of others are " +
    `those of the set's other subjects${drawn}.`;
}

/** Draws the curve of every set, and that of all answers together where there are several. */
async function plotAnswers(answers: SetAnswers[], file: string) {
  const all = answers.map(({ own }) => own);
  if (all.length > 1) all.push(all.flat());
  const picture = drawRiskCoverage(all.map(coverageCurve));
  await Deno.writeFile(file, encodePng(picture));
}

function captionOf(answers: SetAnswers[]): string {
  const names = answers.map(({ set }) => set);
  if (names.length > 1) names.push("all answers together");
  const colours = names.map((name, i) =>
    `${COLOURS[i % COLOURS.length].name}: ${name}`
  );
  return "Mean Dice, %, over the share of answers kept, %, the most trusted first. " +
    `${colours.join("; ")}.`;
}
