import { calibrate, type Calibrations } from "./calibration.ts";
import {
  answerSet,
  questionsOf,
  type Sample,
  type SetAnswers,
} from "./calibration_answers.ts";
import type { Dataset } from "./data_set.ts";
import { countSet, type Evaluator, scoredSubjects } from "./evaluate_set.ts";
import { chosenMethods, type MethodChoice } from "./methods.ts";
import {
  type Evaluation,
  type SetResult,
  type SubjectOverlaps,
  summarise,
  summariseSet,
  type WorstThird,
  worstThird,
} from "./report.ts";

/** What an evaluation does. */
export interface EvaluationOptions extends MethodChoice {
  /** Also measures how well the answers predict their own quality. */
  calibration: boolean;
  /** The images of others that a calibration segments; by default all. */
  sample?: Sample | undefined;
}

/** The result of an evaluation, as its JSON prints it. */
export interface EvaluationResult extends Evaluation {
  /** With a calibration, its figures, the sample that it was measured on, and every answer. */
  calibration?: Calibrations;
  sample?: Sample | undefined;
  answers?: SetAnswers[];
  /** With clicks, Dice before and after them. */
  worstThird?: WorstThird;
}

/** How many images of sets are segmented by the methods. */
export function countImages(datasets: Dataset[], references: number): number {
  return datasets.flatMap((set) => scoredSubjects(set, references))
    .flatMap(({ pairs }) => pairs).length;
}

/** How many steps the evaluation of sets takes. */
export function countSteps(
  datasets: Dataset[],
  { references, calibration, sample }: EvaluationOptions,
): number {
  const questions = calibration
    ? datasets.flatMap((set) => questionsOf(set, sample))
    : [];
  // Of every target there is a piece without the structure as well.
  const pieces = questions.filter(({ isOwn }) => isOwn);
  return countImages(datasets, references) + questions.length + pieces.length;
}

/**
 * Scores sets, at least one of which has images to segment beside the references.
 *
 * @param evaluating its `step` is called `countSteps` times.
 */
export async function evaluate(
  datasets: Dataset[],
  options: EvaluationOptions,
  evaluating: Omit<Evaluator, "methods" | "references">,
): Promise<EvaluationResult> {
  const { recipe, references, clicks, calibration, sample } = options;
  const methods = chosenMethods(options);
  const results: SetResult[] = [];
  const overlaps: SubjectOverlaps[] = [];
  const answers: SetAnswers[] = [];
  for (const dataset of datasets) {
    const evaluator = { ...evaluating, methods, references };
    const counted = await countSet(dataset, evaluator);
    if (counted.length > 0) results.push(summariseSet(dataset.name, counted));
    overlaps.push(...counted);
    if (!calibration) continue;
    answers.push(await answerSet(dataset, { ...evaluating, recipe, sample }));
  }
  return {
    ...summarise(results),
    ...(calibration && { calibration: calibrate(answers), sample, answers }),
    ...(clicks > 0 && {
      worstThird: worstThird(overlaps, "p2sam", "corrected"),
    }),
  };
}
