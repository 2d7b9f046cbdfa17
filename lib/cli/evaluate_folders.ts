import { encodePng } from "../codecs/png/encode.ts";
import { invalidInput } from "../core/errors.ts";
import { allTogether } from "../evaluation/calibration.ts";
import { findDatasets } from "../evaluation/data_set.ts";
import { countImages, countSteps, evaluate } from "../evaluation/evaluation.ts";
import { evaluationText } from "../evaluation/evaluation_text.ts";
import { drawRiskCoverage, riskCaption } from "../evaluation/risk_plot.ts";
import { coverageCurve } from "../evaluation/statistics.ts";
import { RECIPES } from "../pipeline/recipe.ts";
import {
  collect,
  createCommand,
  recipeOption,
  wholeNumber,
} from "./command_line.ts";
import type { Engines } from "./open_model.ts";
import { createProgress } from "./progress.ts";

/** The seed of a sample where none is given. */
const SEED = 1;

/**
 * `deno task evaluate`.
 *
 * @param openEngines of a model, by default the configured one, to segment so many images.
 */
export function evaluateCommand(
  openEngines: (images: number, model?: string) => Promise<Engines>,
) {
  return evaluateOptions().action(async (given, command) => {
    const { data, model, plot, json, references } = given;
    for (const name of ["plot", "others", "seed"] as const) {
      if (given.calibration || given[name] === undefined) continue;
      command.error(
        `--${name} needs the answers of a calibration; add --calibration`,
      );
    }
    if (given.seed !== undefined && given.others === undefined) {
      command.error("--seed draws a sample; add --others with its size");
    }
    const datasets = data.flatMap(findDatasets);
    const images = countImages(datasets, references);
    if (images === 0) {
      throw invalidInput(
        `--references ${references} leaves no image to segment.`,
      );
    }
    const { calibration = false, ablate = false, others, seed = SEED } = given;
    await using engines = await openEngines(images, model);
    const options = {
      references,
      clicks: given.clicks,
      recipe: RECIPES[given.recipe ?? engines.recipe],
      ablate,
      calibration,
      sample: others === undefined ? undefined : { others, seed },
    };
    const { step, end } = createProgress(countSteps(datasets, options));
    const evaluation = await evaluate(datasets, options, {
      ...engines,
      step,
    }).finally(end);
    const { answers = [] } = evaluation;
    const plotted = answers.length > 1
      ? [...answers, allTogether(answers)]
      : answers;
    if (plot !== undefined) {
      const curves = plotted.map(({ own }) => coverageCurve(own));
      await Deno.writeFile(plot, encodePng(drawRiskCoverage(curves)));
    }
    if (json) return console.log(JSON.stringify(evaluation, null, 2));
    console.log(evaluationText(evaluation, options));
    if (plot !== undefined) {
      console.log(`\n${riskCaption(plotted.map(({ set }) => set))}`);
    }
  });
}

function evaluateOptions() {
  return createCommand(
    "deno task evaluate",
    "Scores annotated image sets by Dice and IoU. A set is a folder of Images/<subject>/NN.* and " +
      "Annotations/<subject>/NN.png; the first image of a subject is its reference.",
  )
    .optionsGroup("Required:")
    .requiredOption(
      "--data <folder>",
      "set, or folder of sets; may be repeated",
      collect,
    )
    .optionsGroup("Options:")
    .option(
      "--model <id>",
      "id or folder of a model package (default: the configured one)",
    )
    .addOption(recipeOption())
    .option("--ablate", "add the method with one step switched off at a time")
    .option(
      "--references <count>",
      "images of each subject that are enrolled",
      wholeNumber(1, 99),
      1,
    )
    .option(
      "--clicks <count>",
      "simulated clicks that correct each answer",
      wholeNumber(0, 99),
      0,
    )
    .option(
      "--calibration",
      "measure how well the answers predict their own quality",
    )
    .option(
      "--others <count>",
      "images of other subjects in each set that a calibration segments (default: all)",
      wholeNumber(),
    )
    .option(
      "--seed <number>",
      `which images --others draws (default: ${SEED})`,
      wholeNumber(),
    )
    .option(
      "--plot <file>",
      "PNG file for the mean Dice of a calibration's most trusted answers",
    )
    .option("--json", "print JSON instead of a Markdown table");
}
