import type { Engine } from "../engine/engine.ts";
import { decodeRle } from "../format/rle.ts";
import { decodeMask } from "../image/decode_mask.ts";
import type { CandidateRange } from "../pipeline/prompt.ts";
import { misuse, parseCommand, readNamed } from "./arguments.ts";
import { type Dataset, findDatasets, type Subject } from "./dataset.ts";
import { createProgress } from "./progress.ts";
import {
  dice,
  iou,
  mean,
  type Overlap,
  overlap,
  resizeNearest,
} from "./score.ts";

export const EVALUATE_USAGE =
  "deno task evaluate --data folder [--data folder …] [--recipe medical] [--json]";

/** What is scored: the method, and two baselines that it must beat. */
export const METHODS = {
  p2sam: "P²SAM",
  onePrototype: "one prototype, one pass",
  copiedMask: "copied mask",
} as const;
export type Method = keyof typeof METHODS;

/** n = 1, m = 0. */
const ONE_PROTOTYPE: CandidateRange = { parts: [1], negatives: [0] };

export interface Score {
  dice: number;
  iou: number;
}

export interface SubjectResult {
  subject: string;
  images: number;
  /** Means over the subject's images. */
  scores: Record<Method, Score>;
  /** IoU of all the subject's pixels together, as PerSeg is scored. */
  pooledIou: Record<Method, number>;
}

export interface SetResult {
  set: string;
  subjects: SubjectResult[];
  /** Mean over subjects of the means over their images. */
  videoMean: Record<Method, Score>;
  /** Mean over all images. */
  imageMean: Record<Method, Score>;
}

/** Scores sets and prints a table, or JSON. */
export async function evaluateFolders(
  args: string[],
  openEngine: () => Promise<Engine>,
  maxPixels: number,
): Promise<void> {
  const { data, recipe, json } = parseCommand(args, {
    data: { type: "string", multiple: true },
    recipe: { type: "string", default: "medical" },
    json: { type: "boolean", default: false },
  }, EVALUATE_USAGE);
  if (!data) throw misuse("--data is needed", EVALUATE_USAGE);
  if (recipe !== "medical") {
    throw misuse(`There is no recipe ${recipe}`, EVALUATE_USAGE);
  }
  const datasets = data.flatMap(findDatasets);
  const targets = datasets.flatMap(({ subjects }) => subjects)
    .reduce((sum, { pairs }) => sum + pairs.length - 1, 0);
  const engine = await openEngine();
  const progress = createProgress(targets);
  const results: SetResult[] = [];
  for (const dataset of datasets) {
    results.push(await evaluateSet(engine, dataset, maxPixels, progress.step));
  }
  progress.end();
  console.log(json ? JSON.stringify(results, null, 2) : table(results));
}

/** Enrols the first image of each subject and segments the rest. */
export async function evaluateSet(
  engine: Engine,
  { name, subjects }: Dataset,
  maxPixels: number,
  step: () => void = () => {},
): Promise<SetResult> {
  const results: SubjectResult[] = [];
  const all: Record<Method, Overlap>[] = [];
  for (const subject of subjects) {
    const overlaps = await evaluateSubject(engine, subject, maxPixels, step);
    all.push(...overlaps);
    results.push({
      subject: subject.name,
      images: overlaps.length,
      scores: perMethod((method) =>
        meanScore(overlaps.map((o) => scoreOf(o[method])))
      ),
      pooledIou: perMethod((method) =>
        iou(pool(overlaps.map((o) => o[method])))
      ),
    });
  }
  return {
    set: name,
    subjects: results,
    videoMean: perMethod((method) =>
      meanScore(results.map(({ scores }) => scores[method]))
    ),
    imageMean: perMethod((method) =>
      meanScore(all.map((o) => scoreOf(o[method])))
    ),
  };
}

async function evaluateSubject(
  engine: Engine,
  { pairs: [reference, ...targets] }: Subject,
  maxPixels: number,
  step: () => void,
): Promise<Record<Method, Overlap>[]> {
  const annotation = await readNamed(reference.mask);
  const annotated = await decodeMask(annotation, { maxPixels });
  const embed = async (path: string) =>
    (await engine.embed({ bytes: await readNamed(path) })).bytes;
  const { bytes: profile } = await engine.enrol(await embed(reference.image), {
    file: { bytes: annotation },
  });
  const overlaps = [];
  for (const { image, mask } of targets) {
    const truth = await decodeMask(await readNamed(mask), { maxPixels });
    const embedding = await embed(image);
    const ours = await engine.segment(embedding, [profile], {});
    const simple = await engine.segment(embedding, [profile], {
      range: ONE_PROTOTYPE,
      passes: 1,
    });
    overlaps.push({
      p2sam: overlap(decodeRle(ours.mask), truth),
      onePrototype: overlap(decodeRle(simple.mask), truth),
      copiedMask: overlap(
        resizeNearest(annotated, truth.width, truth.height),
        truth,
      ),
    });
    step();
  }
  return overlaps;
}

function perMethod<T>(of: (method: Method) => T): Record<Method, T> {
  const methods = Object.keys(METHODS) as Method[];
  return Object.fromEntries(
    methods.map((method) => [method, of(method)]),
  ) as Record<Method, T>;
}

function scoreOf(counts: Overlap): Score {
  return { dice: dice(counts), iou: iou(counts) };
}

function meanScore(scores: Score[]): Score {
  return {
    dice: mean(scores.map((s) => s.dice)),
    iou: mean(scores.map((s) => s.iou)),
  };
}

function pool(overlaps: Overlap[]): Overlap {
  return overlaps.reduce((a, b) => ({
    intersection: a.intersection + b.intersection,
    predicted: a.predicted + b.predicted,
    truth: a.truth + b.truth,
  }));
}

/** A Markdown table: Dice / IoU in percent, a row per subject and two per set. */
export function table(results: SetResult[]): string {
  const methods = Object.keys(METHODS) as Method[];
  const cells = (scores: Record<Method, Score>) =>
    methods.map((method) => {
      const { dice, iou } = scores[method];
      return `${(100 * dice).toFixed(1)} / ${(100 * iou).toFixed(1)}`;
    });
  const rows = results.flatMap(({ set, subjects, videoMean, imageMean }) => {
    const images = subjects.reduce((sum, subject) => sum + subject.images, 0);
    return [
      ...subjects.map(({ subject, images, scores }) => [
        `${set}: ${subject}`,
        images,
        ...cells(scores),
      ]),
      [`**${set}**, mean over subjects`, images, ...cells(videoMean)],
      [`**${set}**, mean over images`, images, ...cells(imageMean)],
    ];
  });
  const heading = [
    "Dice / IoU, %",
    "targets",
    ...methods.map((method) => METHODS[method]),
  ];
  const rule = ["---", "--:", ...methods.map(() => "--:")];
  return [heading, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join(
    "\n",
  );
}
