import { equal, ok } from "node:assert/strict";
import { calibrate } from "../../../lib/evaluation/calibration.ts";
import { calibrationTable } from "../../../lib/evaluation/evaluation_text.ts";
import { drawRiskCoverage } from "../../../lib/evaluation/risk_plot.ts";

Deno.test("a set of one subject has no images of others", () => {
  const own = [0.9, 0.4, 0.6].map((dice, i) => ({
    subject: "a",
    image: `${i}`,
    score: dice,
    present: true,
    confidence: dice,
    distance: -dice,
    predictedIou: 0.5,
    similarity: null,
    dice,
  }));
  const calibrations = calibrate([{ set: "s", own, others: [], without: [] }]);
  const [one] = calibrations.sets;
  equal(one.auc, null);
  equal(one.refused, null);
  equal(one.kept, 1);
  equal(one.spearman.confidence, 1);
  equal(one.spearman.predictedIou, null);
  ok(Math.abs(one.gain! - (0.75 - 1.9 / 3)) < 1e-12);
  equal(calibrations.mean, null);
  ok(
    calibrationTable(calibrations).includes(
      "| **s** | 3 | 0 | – | 100.0 | – | 0 | – |",
    ),
  );
});

Deno.test("a plot draws every curve in its colour, the same each time", () => {
  const curves = [[1, 0.8, 0.7], [0.9]];
  const picture = drawRiskCoverage(curves);
  const colours = new Set<string>();
  for (let i = 0; i < picture.data.length; i += 3) {
    colours.add(picture.data.subarray(i, i + 3).join());
  }
  ok(colours.has("0,114,178") && colours.has("230,159,0"));
  ok(drawRiskCoverage(curves).data.every((v, i) => v === picture.data[i]));
});
