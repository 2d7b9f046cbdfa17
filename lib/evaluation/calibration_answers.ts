import { readInputFile, usingFile } from "../core/files.ts";
import type { Bytes } from "../core/bytes.ts";
import { encodePng } from "../codecs/png/encode.ts";
import { dice, type Mask } from "../core/mask.ts";
import type { Engine, SegmentationAnswer } from "../engine/engine.ts";
import { decodeRle } from "../format/mask/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { choose } from "../numerics/random.ts";
import type { Similarity } from "../pipeline/calibration_range.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Dataset, Pair, Subject } from "./data_set.ts";
import { inParallel } from "./in_parallel.ts";
import { readScene, type Scene } from "./scene.ts";
import type { Ranked } from "./statistics.ts";
import { withoutStructure } from "./without_structure.ts";

/** An answer to an image of the subject itself. */
export interface OwnAnswer extends Ranked {
  subject: string;
  image: string;
  /** Of presence. */
  score: number;
  present: boolean;
  /** Infinity for an empty mask. */
  distance: number;
  predictedIou: number;
  /** Null where the reference holds nothing to compare with. */
  similarity: Similarity | null;
}

/** An answer to an image of another subject of the set. */
export type OtherAnswer = Pick<
  OwnAnswer,
  "subject" | "image" | "score" | "present" | "predictedIou" | "similarity"
>;

/** All answers of a set. */
export interface SetAnswers {
  set: string;
  own: OwnAnswer[];
  others: OtherAnswer[];
  /** To pieces of the subject's own images that do not show the structure. */
  without: OtherAnswer[];
}

/** A sample of a set's images of others. */
export interface Sample {
  /** How many of them at most. */
  others: number;
  /** The same seed draws the same images. */
  seed: number;
}

/** What answers a set, and how. */
export interface Calibrator {
  engine: Engine;
  recipe: Recipe;
  maxPixels: number;
  /** Which images of others are segmented; by default all. */
  sample?: Sample | undefined;
  /** Images that are worked on at a time, by default 1. */
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

/** All targets of every subject of a set, and the images of others or a sample of them. */
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
 * Enrols the first image of each subject as the service does, with all self-tests, and segments other images of the
 * set by it. Masks of the subject's own images are scored whether or not the structure is called present.
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
      const scene = scenes.get(reference)!;
      return [subject, await enrolExamined(engine, reference, scene)] as const;
    }),
  );
  const segment = (subject: Subject, embedding: Bytes) =>
    engine.segment(
      embedding,
      [profiles.get(subject)!],
      { recipe, every: false, evenAbsent: true },
    );
  const questions = questionsOf(dataset, sample);
  const given = await inParallel(questions, parallel, async (question) => {
    const scene = scenes.get(question.pair)!;
    const answer = await segment(question.subject, scene.embedding.bytes);
    step?.();
    return measured(question, answer, scene);
  });
  const own = questions.filter(({ isOwn }) => isOwn);
  const without = await inParallel(own, parallel, async (question) => {
    const { subject, pair } = question;
    const piece = await pieceOf(pair, scenes.get(pair)!.truth, maxPixels);
    const answers: OtherAnswer[] = [];
    if (piece !== null) {
      const { bytes } = await engine.embed({ bytes: piece });
      answers.push(judged(question, await segment(subject, bytes)));
    }
    step?.();
    return answers;
  });
  const answers: SetAnswers = {
    set,
    own: [],
    others: [],
    without: without.flat(),
  };
  for (const answer of given) {
    if ("dice" in answer) answers.own.push(answer);
    else answers.others.push(answer);
  }
  return answers;
}

/** A file of the part of an image that does not show its structure; null where that is too small. */
async function pieceOf(
  { image }: Pair,
  truth: Mask,
  maxPixels: number,
): Promise<Bytes | null> {
  const bytes = await readInputFile(image);
  const raster = await usingFile(
    image,
    () => decodeImage(bytes, { maxPixels }),
  );
  const piece = withoutStructure(raster, truth);
  return piece && encodePng(piece);
}

/** What is kept of an answer to an image that does not show the structure. */
function judged(
  { subject, pair }: Question,
  { presence: { present, score }, winner, similarity }: SegmentationAnswer,
): OtherAnswer {
  return {
    subject: subject.name,
    image: pair.name,
    present,
    score: score ?? 0,
    predictedIou: winner.predictedIou,
    similarity,
  };
}

/** What is kept of an answer. */
function measured(
  question: Question,
  answer: SegmentationAnswer,
  { truth }: Scene,
): OwnAnswer | OtherAnswer {
  const { presence, winner, mask } = answer;
  if (!question.isOwn) return judged(question, answer);
  return {
    ...judged(question, answer),
    confidence: presence.confidence ?? 0,
    distance: winner.distance,
    dice: dice(decodeRle(mask).data, truth.data),
  };
}

async function enrolExamined(
  engine: Engine,
  { image, mask }: Pair,
  { embedding: { bytes: embedding } }: Scene,
) {
  const picture = { bytes: await readInputFile(image) };
  const file = { bytes: await readInputFile(mask) };
  const tests = { image: picture, budget: Infinity };
  const { bytes } = await usingFile(
    mask,
    () => engine.enrol(embedding, { file }, tests),
  );
  return bytes;
}
