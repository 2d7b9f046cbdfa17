import type { Engine, SegmentationAnswer } from "../engine/engine.ts";
import { decodeRle } from "../format/mask/rle.ts";
import { choose } from "../numerics/choose.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Mask } from "../core/mask.ts";
import { naming, readNamed } from "../cli/arguments.ts";
import type { Dataset, Pair, Subject } from "./data_set.ts";
import { inParallel } from "./in_parallel.ts";
import { readScene } from "./scene.ts";
import { dice, overlap } from "./metrics.ts";
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

/** A sample of a set's images of others. */
export interface Sample {
  /** How many of them at most. */
  others: number;
  /** Draws the same ones again. */
  seed: number;
}

export interface Calibrator {
  engine: Engine;
  recipe: Recipe;
  maxPixels: number;
  /** Of the images of others; all where left out. */
  sample?: Sample;
  /** Images that are worked on at a time: 1 where left out. */
  parallel?: number;
  /** Called after every answer. */
  step?: () => void;
}

/** An image that is segmented by the first image of a subject: another of its own, or one of another subject. */
export interface Question {
  subject: Subject;
  pair: Pair;
  isOwn: boolean;
}

/** What a set is asked: all targets of every subject, and the images of others or a sample of them. */
export function questionsOf(
  { subjects }: Dataset,
  sample?: Sample,
): Question[] {
  const images = subjects.flatMap(({ pairs }) => pairs);
  const all = subjects.flatMap((subject) =>
    images.filter((pair) => pair !== subject.pairs[0])
      .map((pair) => ({ subject, pair, isOwn: subject.pairs.includes(pair) }))
  );
  if (sample === undefined) return all;
  const others = all.filter(({ isOwn }) => !isOwn);
  const drawn = new Set(choose(others, sample.others, sample.seed));
  return all.filter((question) => question.isOwn || drawn.has(question));
}

/**
 * Enrols the first image of each subject as the service does, all copies tried, and segments other images of the set
 * by it: the subject's own, whose masks are scored whether or not the structure is called present, and those of the
 * others.
 */
export async function answerSet(
  dataset: Dataset,
  calibrator: Calibrator,
): Promise<SetAnswers> {
  const { engine, recipe, maxPixels, sample, parallel = 1, step } = calibrator;
  const { name: set, subjects } = dataset;
  const images = subjects.flatMap(({ pairs }) => pairs);
  const scenes = new Map(
    await inParallel(
      images,
      parallel,
      async (pair) => [pair, await readScene(engine, pair, maxPixels)] as const,
    ),
  );
  const profiles = new Map(
    await inParallel(subjects, parallel, async (subject) => {
      const [reference] = subject.pairs;
      const { embedding } = scenes.get(reference)!;
      const profile = await enrolExamined(engine, reference, embedding.bytes);
      return [subject, profile] as const;
    }),
  );
  const answers: SetAnswers = { set, own: [], others: [] };
  const questions = questionsOf(dataset, sample);
  const given = await inParallel(questions, parallel, async (question) => {
    const { subject, pair } = question;
    const { embedding, truth } = scenes.get(pair)!;
    const answer = await engine.segment(
      embedding.bytes,
      [profiles.get(subject)!],
      { recipe, every: false, evenAbsent: true },
    );
    step?.();
    return measured(question, answer, truth);
  });
  for (const answer of given) {
    if ("dice" in answer) answers.own.push(answer);
    else answers.others.push(answer);
  }
  return answers;
}

/** What is kept of an answer. */
function measured(
  { subject, pair, isOwn }: Question,
  { presence, winner, mask }: SegmentationAnswer,
  truth: Mask,
): OwnAnswer | OtherAnswer {
  const { present, score, confidence } = presence;
  const answer = {
    subject: subject.name,
    image: pair.name,
    present,
    score: score ?? 0,
  };
  if (!isOwn) return answer;
  return {
    ...answer,
    confidence: confidence ?? 0,
    distance: winner.distance,
    predictedIou: winner.predictedIou,
    dice: dice(overlap(decodeRle(mask), truth)),
  };
}

async function enrolExamined(
  engine: Engine,
  { image, mask }: Pair,
  embedding: Parameters<Engine["enrol"]>[0],
) {
  const picture = { bytes: await readNamed(image) };
  const file = { bytes: await readNamed(mask) };
  const tests = { image: picture, budget: Infinity };
  const { bytes } = await naming(
    mask,
    () => engine.enrol(embedding, { file }, tests),
  );
  return bytes;
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
