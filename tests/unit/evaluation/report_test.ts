import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ablationsOf, methodsOf } from "../../../lib/evaluation/methods.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import {
  mapMethods,
  summarise,
  summariseSet,
} from "../../../lib/evaluation/report.ts";
import type { Overlap } from "../../../lib/evaluation/metrics.ts";
import { scoreTable } from "../../../lib/evaluation/evaluation_text.ts";

const METHODS = methodsOf(RECIPES.medical);
const ABLATIONS = ablationsOf(RECIPES.medical);

/** 100 true pixels, as many predicted, and so many in both. */
const hits = (...intersections: number[]): Overlap[] =>
  intersections.map((intersection) => ({
    intersection,
    predicted: 100,
    truth: 100,
  }));

const near = (got: number, wanted: number) =>
  ok(Math.abs(got - wanted) < 1e-12, `${got} for ${wanted}`);

Deno.test("a subject, a set and the sets are means of the level below", () => {
  const first = summariseSet("first", [
    { subject: "a", overlaps: { m: hits(50) } },
    { subject: "b", overlaps: { m: hits(80, 90, 100) } },
  ]);
  const [a, b] = first.subjects;
  deepEqual([a.scores.m.dice, a.scores.m.images], [0.5, 1]);
  near(a.scores.m.iou, 50 / 150);
  near(b.scores.m.dice, 0.9);
  near(b.pooledIou.m, 270 / 330);
  near(first.videoMean.m.dice, 0.7);
  near(first.imageMean.m.dice, 0.8);
  deepEqual([first.videoMean.m.images, first.imageMean.m.images], [4, 4]);

  const second = summariseSet("second", [
    { subject: "c", overlaps: { m: hits(10) } },
  ]);
  equal(summarise([first]).meanOverSets, null);
  const { sets, meanOverSets } = summarise([first, second]);
  deepEqual(sets, [first, second]);
  near(meanOverSets!.videoMean.m.dice, 0.4);
  near(meanOverSets!.imageMean.m.dice, 0.45);
  equal(meanOverSets!.videoMean.m.images, 5);
});

Deno.test("methods may have answered different images", () => {
  const { videoMean } = summariseSet("set", [
    { subject: "a", overlaps: { p2sam: hits(60), box: hits(90, 100) } },
  ]);
  deepEqual([videoMean.p2sam.images, videoMean.box.images], [1, 2]);
  near(videoMean.box.dice, 0.95);
});

Deno.test("the table has a column a method, two rows a set, and two for several sets", () => {
  const methods = { ...METHODS, ...ABLATIONS };
  const overlaps = mapMethods(
    methods,
    ({ on }) => on === "all" ? hits(90, 100) : hits(50),
  );
  const one = summariseSet("one", [{ subject: "a", overlaps }]);
  const two = summariseSet("two", [{ subject: "b", overlaps }]);

  const [heading, rule, ...rest] = scoreTable(summarise([one]), METHODS).split(
    "\n",
  );
  equal(
    heading,
    "| Dice / IoU, % | targets | P²SAM | one prototype, one pass | copied mask | box | centre point |",
  );
  match(rule, /^\| --- \| --: \|( --: \|){5}$/);
  const given = "50.0 / 33.3 | 50.0 / 33.3 | 50.0 / 33.3";
  const cells = `1 | ${given} | 95.0 / 90.9 | 95.0 / 90.9`;
  deepEqual(rest.slice(0, 4), [
    `| one: a | ${cells} |`,
    `| **one**, mean over subjects | ${cells} |`,
    `| **one**, mean over images | ${cells} |`,
    "",
  ]);
  match(rest[4], /box and centre point .*reference images are scored too/);
  equal(rest.length, 5);

  const lines = scoreTable(summarise([one, two]), methods).split("\n");
  match(
    lines[0],
    /\| n = 1 without retrieval \| one pass \| two passes \|$/,
  );
  const names = lines.slice(2, -2).map((line) => line.split(" | ")[0]);
  deepEqual(names, [
    "| one: a",
    "| **one**, mean over subjects",
    "| **one**, mean over images",
    "| two: b",
    "| **two**, mean over subjects",
    "| **two**, mean over images",
    "| **mean over sets**, of the means over subjects",
    "| **mean over sets**, of the means over images",
  ]);
});
