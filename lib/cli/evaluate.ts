import type { Engine, ProfileFile } from "../engine/engine.ts";
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
import {
  ablationsOf,
  corrected,
  type Method,
  methodsOf,
  severalReferences,
} from "./methods.ts";
import { createProgress } from "./progress.ts";
import {
  mapMethods,
  type PerMethod,
  type SetResult,
  type SubjectOverlaps,
  summarise,
  summariseSet,
  worstThird,
} from "./results.ts";
import { COLOURS, drawRiskCoverage } from "./risk_plot.ts";
import { readScene, type Scene } from "./scene.ts";
import { type Overlap, overlap } from "./score.ts";
import { coverageCurve } from "./statistics.ts";
import { table } from "./table.ts";

export const EVALUATE_USAGE =
  "deno task evaluate --data folder [--data folder …] [--model id or folder] [--recipe medical|natural] [--ablate] [--references count] [--clicks count] [--plot file.png] [--json]";

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
  const { values } = parseCommand(
    args,
    {
      data: { type: "string", multiple: true },
      model: { type: "string" },
      recipe: { type: "string", default: "medical" },
      ablate: { type: "boolean", default: false },
      references: { type: "string", default: "1" },
      clicks: { type: "string", default: "0" },
      plot: { type: "string" },
      json: { type: "boolean", default: false },
    },
    EVALUATE_USAGE,
  );
  const { data, model, recipe: name, ablate, plot, json } = values;
  const references = countNamed("references", values.references, 1);
  const clicks = countNamed("clicks", values.clicks, 0);
  if (!data) throw misuse("--data is needed", EVALUATE_USAGE);
  const recipe = RECIPES[recipeNamed(name, EVALUATE_USAGE)];
  const datasets = data.flatMap(findDatasets);
  const images = datasets.flatMap(({ subjects }) => subjects)
    .reduce((sum, { pairs }) => sum + pairs.length, 0);
  const methods = {
    ...methodsOf(recipe),
    ...(references > 1 && severalReferences(recipe, references)),
    ...(clicks > 0 && corrected(recipe, clicks)),
    ...(ablate && ablationsOf(recipe)),
  };
  const engine = await openEngine(model);
  const { step, end } = createProgress(
    images + datasets.reduce((sum, set) => sum + answersOf(set), 0),
  );
  const sets: SetResult[] = [];
  const overlaps: SubjectOverlaps[] = [];
  const answers: SetAnswers[] = [];
  for (const dataset of datasets) {
    const evaluator = { engine, methods, maxPixels, references, step };
    const counted = await countSet(dataset, evaluator);
    if (counted.length > 0) sets.push(summariseSet(dataset.name, counted));
    overlaps.push(...counted);
    answers.push(await answerSet(dataset, { engine, recipe, maxPixels, step }));
  }
  end();
  if (sets.length === 0) {
    const why = `--references ${references} leaves no image to segment`;
    throw misuse(why, EVALUATE_USAGE);
  }
  const worst = clicks > 0
    ? worstThird(overlaps, "p2sam", "corrected")
    : undefined;
  if (plot !== undefined) await plotAnswers(answers, plot);
  const evaluation = summarise(sets);
  const calibrations = calibrate(answers);
  if (json) {
    const all = {
      ...evaluation,
      calibration: calibrations,
      answers,
      worstThird: worst,
    };
    return console.log(JSON.stringify(all, null, 2));
  }
  console.log(table(evaluation, methods));
  if (worst !== undefined) {
    const [before, after] = [worst.before, worst.after].map((dice) =>
      (100 * dice).toFixed(1)
    );
    console.log(
      `\nWorst third of the answers (${worst.images}), mean Dice: ${before}; ` +
        `after ${clicks === 1 ? "one click" : `${clicks} clicks`} ${after}.`,
    );
  }
  console.log(`\n${calibrationTable(calibrations)}`);
  console.log(`\n${CALIBRATION_NOTE}`);
  if (plot !== undefined) console.log(`\n${captionOf(answers)}`);
}

/** A count that the command line names. */
function countNamed(name: string, text: string, least: number): number {
  const count = Number(text);
  if (/^\d{1,2}$/.test(text) && count >= least) return count;
  const wanted = `--${name} must be a whole number from ${least} to 99`;
  throw misuse(wanted, EVALUATE_USAGE);
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
  /** Images of each subject that are enrolled, the first ones: 1 where left out. Subjects of no more are left out. */
  references?: number;
  /** Called after every image. */
  step?: () => void;
}

/**
 * Enrols the first image of each subject, and scores every method on the images
 * that it is for. An empty answer to an image without the structure scores 1, any
 * other 0; a method that has no answer to it (see `Method`) is not scored there.
 */
export async function evaluateSet(
  dataset: Dataset,
  evaluator: Evaluator,
): Promise<SetResult> {
  return summariseSet(dataset.name, await countSet(dataset, evaluator));
}

/** The pixel counts of every subject of a set. */
export async function countSet(
  { subjects }: Dataset,
  evaluator: Evaluator,
): Promise<SubjectOverlaps[]> {
  const counted: SubjectOverlaps[] = [];
  for (const subject of subjects) {
    if (subject.pairs.length <= (evaluator.references ?? 1)) continue;
    const overlaps = await evaluateSubject(subject, evaluator);
    counted.push({ subject: subject.name, overlaps });
  }
  return counted;
}

async function evaluateSubject(
  { pairs }: Subject,
  { engine, methods, maxPixels, references = 1, step }: Evaluator,
): Promise<PerMethod<Overlap[]>> {
  const annotated: Scene[] = [];
  const profiles: ProfileFile[] = [];
  for (const reference of pairs.slice(0, references)) {
    const scene = await readScene(engine, reference, maxPixels);
    const file = { bytes: await readNamed(reference.mask) };
    annotated.push(scene);
    profiles.push(
      await naming(
        reference.mask,
        () => engine.enrol(scene.embedding.bytes, { file }),
      ),
    );
  }
  const [profile] = profiles;
  const [{ truth: mask }] = annotated;
  const overlaps = mapMethods(methods, (): Overlap[] => []);
  const score = async (scene: Scene, on: Method["on"][]) => {
    for (const [key, method] of Object.entries(methods)) {
      if (!on.includes(method.on)) continue;
      const reference = { profile, profiles, mask };
      const predicted = await method.predict(engine, scene, reference);
      if (predicted !== null) {
        overlaps[key].push(overlap(predicted, scene.truth));
      }
    }
    step?.();
  };
  for (const scene of annotated) await score(scene, ["all"]);
  for (const target of pairs.slice(references)) {
    await score(await readScene(engine, target, maxPixels), ["all", "targets"]);
  }
  return overlaps;
}
