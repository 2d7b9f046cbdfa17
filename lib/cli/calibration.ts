import { examine } from "../engine/examine.ts";
import type { Engine } from "../engine/engine.ts";
import { decodeRle } from "../format/rle.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import { naming, readNamed } from "./arguments.ts";
import type { Dataset, Pair } from "./dataset.ts";
import { readScene } from "./scene.ts";
import { dice, overlap } from "./score.ts";
import {
  gainOfRejecting,
  type Ranked,
  rocAuc,
  spearman,
} from "./statistics.ts";

/** An answer to a subject's own target. */
export interface OwnAnswer extends Ranked {
  subject: string;
  image: string;
  /** Of presence. */
  score: number;
  present: boolean;
  /** Infinity for an empty mask. */
  distance: number;
  predictedIou: number;
}

/** An answer to an image of another subject of the set. */
export type OtherAnswer = Pick<
  OwnAnswer,
  "subject" | "image" | "score" | "present"
>;

/** All answers of a set. */
export interface SetAnswers {
  set: string;
  own: OwnAnswer[];
  others: OtherAnswer[];
}

/** How far the answers of some images know how good they are. */
export interface Calibration {
  set: string;
  targets: number;
  others: number;
  /** Area under the ROC curve of the presence score: targets against images of other subjects. Null without these. */
  auc: number | null;
  /** Share of the targets that are called present, and of the others that are called absent. */
  kept: number;
  refused: number | null;
  /** Rank correlations with the true Dice, of what should rise with it; of the distance, negated. */
  spearman: {
    confidence: number | null;
    distance: number | null;
    predictedIou: number | null;
  };
  /** What rejecting the least trusted fifth adds to the mean Dice. */
  gain: number | null;
}

export interface Calibrator {
  engine: Engine;
  recipe: Recipe;
  maxPixels: number;
  /** Called after every answer. */
  step?: () => void;
}

/** Milliseconds after which no further copy of a reference is tried. */
const BUDGET = 300_000;

/** How many answers a set takes. */
export function answersOf({ subjects }: Dataset): number {
  const images = subjects.reduce((sum, { pairs }) => sum + pairs.length, 0);
  return subjects.length * (images - 1);
}

/**
 * Enrols the first image of each subject as the service does, and segments every other image of the set by it: the
 * subject's own, whose masks are scored whether or not the structure is called present, and those of the others.
 */
export async function answerSet(
  { name: set, subjects }: Dataset,
  { engine, recipe, maxPixels, step }: Calibrator,
): Promise<SetAnswers> {
  const scenes = new Map<Pair, Awaited<ReturnType<typeof readScene>>>();
  for (const pair of subjects.flatMap(({ pairs }) => pairs)) {
    scenes.set(pair, await readScene(engine, pair, maxPixels));
  }
  const answers: SetAnswers = { set, own: [], others: [] };
  for (const { name: subject, pairs: own } of subjects) {
    const [reference] = own;
    const profile = await enrolExamined(
      engine,
      reference,
      scenes.get(reference)!.embedding.bytes,
    );
    for (const [pair, { embedding, truth }] of scenes) {
      if (pair === reference) continue;
      const { presence, winner, mask } = await engine.segment(
        embedding.bytes,
        [profile],
        { recipe, every: false, evenAbsent: true },
      );
      const { present, score, confidence } = presence;
      const answer = { subject, image: pair.name, present, score: score ?? 0 };
      if (own.includes(pair)) {
        answers.own.push({
          ...answer,
          confidence: confidence ?? 0,
          distance: winner.distance,
          predictedIou: winner.predictedIou,
          dice: dice(overlap(decodeRle(mask), truth)),
        });
      } else answers.others.push(answer);
      step?.();
    }
  }
  return answers;
}

async function enrolExamined(
  engine: Engine,
  { image, mask }: Pair,
  embedding: Parameters<Engine["enrol"]>[0],
) {
  const picture = { bytes: await readNamed(image) };
  const file = { bytes: await readNamed(mask) };
  const enrolled = await naming(mask, () => engine.enrol(embedding, { file }));
  const examined = { embedding, enrolled, image: picture };
  return (await examine(engine, examined, { budget: BUDGET })).profile;
}

/** Measures a set's answers. */
export function calibrationOf({ set, own, others }: SetAnswers): Calibration {
  const truth = own.map(({ dice }) => dice);
  const rank = (of: (answer: OwnAnswer) => number) =>
    spearman(own.map(of), truth);
  const present = (answers: { present: boolean }[]) =>
    answers.filter(({ present }) => present).length / answers.length;
  return {
    set,
    targets: own.length,
    others: others.length,
    auc: rocAuc(
      own.map(({ score }) => score),
      others.map(({ score }) => score),
    ),
    kept: present(own),
    refused: others.length > 0 ? 1 - present(others) : null,
    spearman: {
      confidence: rank(({ confidence }) => confidence),
      distance: rank(({ distance }) => -distance),
      predictedIou: rank(({ predictedIou }) => predictedIou),
    },
    gain: gainOfRejecting(own, 0.2),
  };
}

/** The sets' calibrations, and for several sets their mean and that of all answers together. */
export interface Calibrations {
  sets: Calibration[];
  mean: Calibration | null;
  together: Calibration | null;
}

export function calibrate(sets: SetAnswers[]): Calibrations {
  const all = sets.map(calibrationOf);
  if (sets.length < 2) return { sets: all, mean: null, together: null };
  const mean = (of: (one: Calibration) => number | null) => {
    const known = all.map(of).filter((value) => value !== null);
    return known.length === 0
      ? null
      : known.reduce((a, b) => a + b, 0) / known.length;
  };
  const together = calibrationOf({
    set: "all answers together",
    own: sets.flatMap(({ own }) => own),
    others: sets.flatMap(({ others }) => others),
  });
  return {
    sets: all,
    together,
    mean: {
      set: "mean over sets",
      targets: together.targets,
      others: together.others,
      auc: mean(({ auc }) => auc),
      kept: mean(({ kept }) => kept)!,
      refused: mean(({ refused }) => refused),
      spearman: {
        confidence: mean(({ spearman }) => spearman.confidence),
        distance: mean(({ spearman }) => spearman.distance),
        predictedIou: mean(({ spearman }) => spearman.predictedIou),
      },
      gain: mean(({ gain }) => gain),
    },
  };
}

/** A Markdown table of them. */
export function calibrationTable(
  { sets, mean, together }: Calibrations,
): string {
  const heading = [
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
  const decimals = (value: number | null, digits: number, factor = 1) =>
    value === null ? "–" : (factor * value).toFixed(digits);
  const row = (name: string, one: Calibration) => [
    name,
    one.targets,
    one.others,
    decimals(one.auc, 3),
    decimals(one.kept, 1, 100),
    decimals(one.refused, 1, 100),
    decimals(one.spearman.confidence, 2),
    decimals(one.spearman.distance, 2),
    decimals(one.spearman.predictedIou, 2),
    decimals(one.gain, 1, 100),
  ];
  const rows = [
    ...sets.map((one) => row(`**${one.set}**`, one)),
    ...[mean, together].flatMap((one) =>
      one === null ? [] : [row(`**${one.set}**`, one)]
    ),
  ];
  const rule = ["---", ...heading.slice(1).map(() => "--:")];
  return [heading, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
