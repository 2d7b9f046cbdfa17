import type { Engine } from "../engine/engine.ts";
import { encodePng } from "../image/encode_png.ts";
import { RECIPES } from "../pipeline/recipe.ts";
import {
  misuse,
  naming,
  parseCommand,
  readNamed,
  recipeNamed,
} from "./arguments.ts";
import {
  answerSet,
  answersOf,
  calibrate,
  calibrationTable,
  type SetAnswers,
} from "./calibration.ts";
import { type Dataset, findDatasets, type Subject } from "./dataset.ts";
import { ablationsOf, type Method, methodsOf } from "./methods.ts";
import { createProgress } from "./progress.ts";
import {
  mapMethods,
  type PerMethod,
  type SetResult,
  type SubjectOverlaps,
  summarise,
  summariseSet,
} from "./results.ts";
import { COLOURS, drawRiskCoverage } from "./risk_plot.ts";
import { readScene, type Scene } from "./scene.ts";
import { type Overlap, overlap } from "./score.ts";
import { coverageCurve } from "./statistics.ts";
import { table } from "./table.ts";

export const EVALUATE_USAGE =
  "deno task evaluate --data folder [--data folder …] [--model id or folder] [--recipe medical|natural] [--ablate] [--plot file.png] [--json]";

/**
 * Scores sets and prints a table, or JSON.
 *
 * @param openEngine of the model that the command line names, else of the configured one.
 */
export async function evaluateFolders(
  args: string[],
  openEngine: (model?: string) => Promise<Engine>,
  maxPixels: number,
): Promise<void> {
  const { values: { data, model, recipe: name, ablate, plot, json } } =
    parseCommand(
      args,
      {
        data: { type: "string", multiple: true },
        model: { type: "string" },
        recipe: { type: "string", default: "medical" },
        ablate: { type: "boolean", default: false },
        plot: { type: "string" },
        json: { type: "boolean", default: false },
      },
      EVALUATE_USAGE,
    );
  if (!data) throw misuse("--data is needed", EVALUATE_USAGE);
  const recipe = RECIPES[recipeNamed(name, EVALUATE_USAGE)];
  const datasets = data.flatMap(findDatasets);
  const images = datasets.flatMap(({ subjects }) => subjects)
    .reduce((sum, { pairs }) => sum + pairs.length, 0);
  const methods = {
    ...methodsOf(recipe),
    ...(ablate && ablationsOf(recipe)),
  };
  const engine = await openEngine(model);
  const { step, end } = createProgress(
    images + datasets.reduce((sum, set) => sum + answersOf(set), 0),
  );
  const sets: SetResult[] = [];
  const answers: SetAnswers[] = [];
  for (const dataset of datasets) {
    sets.push(await evaluateSet(dataset, { engine, methods, maxPixels, step }));
    answers.push(await answerSet(dataset, { engine, recipe, maxPixels, step }));
  }
  end();
  if (plot !== undefined) await plotAnswers(answers, plot);
  const evaluation = summarise(sets);
  const calibrations = calibrate(answers);
  if (json) {
    const all = { ...evaluation, calibration: calibrations, answers };
    return console.log(JSON.stringify(all, null, 2));
  }
  console.log(table(evaluation, methods));
  console.log(`\n${calibrationTable(calibrations)}`);
  console.log(`\n${CALIBRATION_NOTE}`);
  if (plot !== undefined) console.log(`\n${captionOf(answers)}`);
}

const CALIBRATION_NOTE =
  "Dice is that of the winner's mask whether or not the structure is called present. Images of others are those of " +
  "the set's other subjects.";

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

/** What scores a set. */
export interface Evaluator {
  engine: Engine;
  methods: PerMethod<Method>;
  maxPixels: number;
  /** Called after every image. */
  step?: () => void;
}

/**
 * Enrols the first image of each subject, and scores every method on the images
 * that it is for. An empty answer to an image without the structure scores 1, any
 * other 0; a method that has no answer to it (see `Method`) is not scored there.
 */
export async function evaluateSet(
  { name, subjects }: Dataset,
  evaluator: Evaluator,
): Promise<SetResult> {
  const counted: SubjectOverlaps[] = [];
  for (const subject of subjects) {
    const overlaps = await evaluateSubject(subject, evaluator);
    counted.push({ subject: subject.name, overlaps });
  }
  return summariseSet(name, counted);
}

async function evaluateSubject(
  { pairs: [reference, ...targets] }: Subject,
  { engine, methods, maxPixels, step }: Evaluator,
): Promise<PerMethod<Overlap[]>> {
  const annotated = await readScene(engine, reference, maxPixels);
  const file = { bytes: await readNamed(reference.mask) };
  const profile = await naming(
    reference.mask,
    () => engine.enrol(annotated.embedding.bytes, { file }),
  );
  const overlaps = mapMethods(methods, (): Overlap[] => []);
  const score = async (scene: Scene, on: Method["on"][]) => {
    for (const [key, method] of Object.entries(methods)) {
      if (!on.includes(method.on)) continue;
      const mask = await method.predict(engine, scene, {
        profile,
        mask: annotated.truth,
      });
      if (mask !== null) overlaps[key].push(overlap(mask, scene.truth));
    }
    step?.();
  };
  await score(annotated, ["all"]);
  for (const target of targets) {
    await score(await readScene(engine, target, maxPixels), ["all", "targets"]);
  }
  return overlaps;
}
