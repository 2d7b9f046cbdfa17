import type { Engine } from "../engine/engine.ts";
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
import { ablationsOf, type Method, methodsOf, type Scene } from "./methods.ts";
import { createProgress } from "./progress.ts";
import {
  mapMethods,
  type PerMethod,
  type SetResult,
  type SubjectOverlaps,
  summarise,
  summariseSet,
} from "./results.ts";
import { type Overlap, overlap } from "./score.ts";
import { table } from "./table.ts";

export const EVALUATE_USAGE =
  "deno task evaluate --data folder [--data folder …] [--model id or folder] [--recipe medical|natural] [--ablate] [--json]";

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
  const { values: { data, model, recipe: name, ablate, json } } = parseCommand(
    args,
    {
      data: { type: "string", multiple: true },
      model: { type: "string" },
      recipe: { type: "string", default: "medical" },
      ablate: { type: "boolean", default: false },
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
  const { step, end } = createProgress(images);
  const sets: SetResult[] = [];
  for (const dataset of datasets) {
    sets.push(await evaluateSet(dataset, { engine, methods, maxPixels, step }));
  }
  end();
  const evaluation = summarise(sets);
  console.log(
    json ? JSON.stringify(evaluation, null, 2) : table(evaluation, methods),
  );
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
