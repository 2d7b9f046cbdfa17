import { ok } from "node:assert/strict";
import { calibrate } from "../../../lib/evaluation/calibration.ts";
import { answerSet } from "../../../lib/evaluation/calibration_answers.ts";
import { findDatasets } from "../../../lib/evaluation/data_set.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import { openAllCores } from "../../support/all_cores.ts";
import { length } from "../../support/length.ts";
import { hasOneshot, ONESHOT } from "../../support/oneshot.ts";

Deno.test({
  name:
    "on real sets, presence tells targets from unrelated images, and confidence ranks by Dice",
  ignore: !hasOneshot,
  fn: measureSets,
});

async function measureSets() {
  await using engines = await openAllCores();
  const { engine, parallel } = engines;
  const recipe = RECIPES.medical;
  const calibrator = {
    engine,
    parallel,
    recipe,
    maxPixels: 1e7,
    // Unrelated images are most of the work, so they are sampled; all targets are used.
    sample: { others: length(30, Infinity), seed: 1 },
  };
  const sets = [];
  for (const dataset of findDatasets(ONESHOT.pathname)) {
    sets.push(await answerSet(dataset, calibrator));
  }
  const { mean, together } = calibrate(sets);
  // Measured: 0.94, 97 % and 98 %, 60 %, 5.4 points; one answer more or less is half a point.
  ok(mean!.auc! >= 0.9, `ROC AUC ${mean!.auc}`);
  ok(together!.kept >= 0.92, `kept ${together!.kept}`);
  ok(mean!.kept >= 0.92, `kept ${mean!.kept}`);
  ok(mean!.refused! >= 0.4, `refused ${mean!.refused}`);
  ok(together!.gain! >= 0.045, `gain ${together!.gain}`);
  ok(together!.spearman.confidence! >= 0.6);
}
