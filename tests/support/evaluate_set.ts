import type { Dataset } from "../../lib/evaluation/data_set.ts";
import { countSet, type Evaluator } from "../../lib/evaluation/evaluate_set.ts";
import { summariseSet } from "../../lib/evaluation/report.ts";

/** The scores of a set. */
export async function evaluateSet(dataset: Dataset, evaluator: Evaluator) {
  return summariseSet(dataset.name, await countSet(dataset, evaluator));
}
