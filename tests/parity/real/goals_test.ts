import { ok } from "node:assert/strict";
import { findDatasets } from "../../../lib/evaluation/data_set.ts";
import { countSet } from "../../../lib/evaluation/evaluate_set.ts";
import { evaluateSet } from "../../support/evaluate_set.ts";
import {
  corrected,
  methodsOf,
  severalReferences,
} from "../../../lib/evaluation/methods.ts";
import { worstThird } from "../../../lib/evaluation/report.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import { openAllCores } from "../../support/all_cores.ts";
import { hasOneshot, ONESHOT } from "../../support/oneshot.ts";

const maxPixels = 25_000_000;
const { p2sam } = methodsOf(RECIPES.medical);

Deno.test({
  name: "several references beat one on the same targets, on real images",
  ignore: !hasOneshot,
  async fn() {
    await using engines = await openAllCores();
    const { engine, parallel } = engines;
    const datasets = findDatasets(ONESHOT.pathname);
    const gain = async (set: string, references: number) => {
      const dataset = datasets.find(({ name }) => name === set)!;
      const several = severalReferences(RECIPES.medical, references);
      const methods = { p2sam, several };
      const evaluator = { engine, parallel, methods, maxPixels, references };
      const { videoMean } = await evaluateSet(dataset, evaluator);
      const { p2sam: one, several: all } = videoMean;
      const points = 100 * (all.dice - one.dice);
      console.log(
        `${set}: ${references} references, ${points.toFixed(1)} points`,
      );
      return points;
    };
    ok(await gain("brain-tumor-mr", 2) > 4);
    ok(await gain("davis-objects", 3) > 4);
  },
});

Deno.test({
  name: "one click improves the worst third of the answers on real images",
  ignore: !hasOneshot,
  async fn() {
    await using engines = await openAllCores();
    const { engine, parallel } = engines;
    const methods = { p2sam, corrected: corrected(RECIPES.medical, 1) };
    const evaluator = { engine, parallel, methods, maxPixels };
    const counted = [];
    for (const dataset of findDatasets(ONESHOT.pathname)) {
      counted.push(...await countSet(dataset, evaluator));
    }
    const { before, after, images } = worstThird(counted, "p2sam", "corrected");
    const points = 100 * (after - before);
    console.log(`one click: ${points.toFixed(1)} points over ${images} images`);
    ok(points > 10);
  },
});
