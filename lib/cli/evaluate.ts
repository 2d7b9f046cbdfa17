import type { Engine, ProfileFile } from "../engine/engine.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { requireSameSize } from "../pipeline/annotation.ts";
import { RECIPES } from "../pipeline/recipe.ts";
import {
  misuse,
  naming,
  parseCommand,
  readNamed,
  recipeNamed,
} from "./arguments.ts";
import {
  type Dataset,
  findDatasets,
  type Pair,
  type Subject,
} from "./dataset.ts";
import {
  ablationsOf,
  corrected,
  type Method,
  methodsOf,
  type Scene,
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
import { type Overlap, overlap } from "./score.ts";
import { table } from "./table.ts";

export const EVALUATE_USAGE =
  "deno task evaluate --data folder [--data folder …] [--model id or folder] [--recipe medical|natural] [--ablate] [--references count] [--clicks count] [--json]";

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
      json: { type: "boolean", default: false },
    },
    EVALUATE_USAGE,
  );
  const { data, model, recipe: name, ablate, json } = values;
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
  const { step, end } = createProgress(images);
  const sets: SetResult[] = [];
  const overlaps: SubjectOverlaps[] = [];
  for (const dataset of datasets) {
    const counted = await countSet(dataset, {
      engine,
      methods,
      maxPixels,
      references,
      step,
    });
    if (counted.length === 0) continue;
    sets.push(summariseSet(dataset.name, counted));
    overlaps.push(...counted);
  }
  end();
  if (sets.length === 0) {
    throw misuse(
      `--references ${references} leaves no image to segment`,
      EVALUATE_USAGE,
    );
  }
  const evaluation = summarise(sets);
  const worst = clicks > 0
    ? worstThird(overlaps, "p2sam", "corrected")
    : undefined;
  if (json) {
    console.log(JSON.stringify({ ...evaluation, worstThird: worst }, null, 2));
    return;
  }
  console.log(table(evaluation, methods));
  if (worst === undefined) return;
  const percent = (dice: number) => (100 * dice).toFixed(1);
  console.log(
    `\nWorst third of the answers (${worst.images}), mean Dice: ${
      percent(worst.before)
    }; after ${clicks} ${clicks === 1 ? "click" : "clicks"} ${
      percent(worst.after)
    }.`,
  );
}

/** A count that the command line names. */
function countNamed(name: string, text: string, least: number): number {
  const count = Number(text);
  if (/^\d{1,2}$/.test(text) && count >= least) return count;
  const wanted = `--${name} must be a whole number from ${least} to 99`;
  throw misuse(wanted, EVALUATE_USAGE);
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

async function readScene(
  engine: Engine,
  { image, mask }: Pair,
  maxPixels: number,
): Promise<Scene> {
  const picture = await readNamed(image);
  const annotation = await readNamed(mask);
  const embedding = await naming(image, () => engine.embed({ bytes: picture }));
  const truth = await naming(mask, async () => {
    const decoded = await decodeMask(annotation, { maxPixels });
    requireSameSize(decoded, embedding.image);
    return decoded;
  });
  return { embedding, truth };
}
