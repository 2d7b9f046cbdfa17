import { calibrationNote, calibrationTable } from "./calibration_table.ts";
import type { EvaluationOptions, EvaluationResult } from "./evaluation.ts";
import { chosenMethods } from "./methods.ts";
import { scoreTable } from "./score_table.ts";

/** The result of an evaluation as Markdown. */
export function evaluationText(
  evaluation: EvaluationResult,
  options: EvaluationOptions,
): string {
  const { worstThird: worst, calibration } = evaluation;
  const { clicks, sample } = options;
  const paragraphs = [scoreTable(evaluation, chosenMethods(options))];
  if (worst !== undefined) {
    const percent = (dice: number) => (100 * dice).toFixed(1);
    paragraphs.push(
      `Worst third of the answers (${worst.images}), mean Dice: ${
        percent(worst.before)
      }; after ${clicks === 1 ? "one click" : `${clicks} clicks`} ${
        percent(worst.after)
      }.`,
    );
  }
  if (calibration !== undefined) {
    paragraphs.push(calibrationTable(calibration), calibrationNote(sample));
  }
  return paragraphs.join("\n\n");
}
