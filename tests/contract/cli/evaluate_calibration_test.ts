import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { composeEngines } from "../../../deploy/compose_engine.ts";
import { readConfig } from "../../../deploy/config.ts";
import {
  answerSet,
  questionsOf,
} from "../../../lib/evaluation/calibration_answers.ts";
import { findDatasets } from "../../../lib/evaluation/data_set.ts";
import { runCommandLine } from "../../../lib/cli/command_line.ts";
import { evaluateCommand } from "../../../lib/cli/evaluate_folders.ts";
import { countSet } from "../../../lib/evaluation/evaluate_set.ts";
import {
  methodsOf,
  severalReferences,
} from "../../../lib/evaluation/methods.ts";
import type { Engine } from "../../../lib/engine/engine.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import { drawVisit } from "../../../lib/sample/patient.ts";
import { inFolder } from "../../support/in_folder.ts";
import { TEST_MODELS } from "../../support/model_package.ts";
import { writeSet } from "../../support/perseg_set.ts";

const config = readConfig({
  MODEL: Deno.env.get("MODEL") ?? "tiny",
  MODELS: TEST_MODELS.pathname,
  THREADS: "1",
});
const { engine, parallel } = await composeEngines({ ...config, WORKERS: 2 });
const maxPixels = 1e6;
const recipe = RECIPES.medical;
const [first, second, third, fourth] = [1, 2, 3, 4].map(drawVisit);
const SUBJECTS = { a: [first, second], b: [third, fourth] };

/** What the command prints, and how often it segments. */
async function evaluate(...args: string[]) {
  let segmented = 0;
  const counting: Engine = {
    ...engine,
    segment(...request) {
      segmented++;
      return engine.segment(...request);
    },
  };
  const printed: string[] = [];
  const { log } = console;
  console.log = (line: string) => printed.push(line);
  try {
    const command = evaluateCommand(() =>
      Promise.resolve({
        recipe: "medical",
        engine: counting,
        maxPixels,
        parallel: 1,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })
    );
    await runCommandLine(command, args);
  } finally {
    console.log = log;
  }
  return { out: printed.join("\n"), segmented };
}

Deno.test("images of others are segmented for a calibration alone", () =>
  inFolder(async (folder) => {
    await writeSet(folder, SUBJECTS);
    const plain = await evaluate("--data", folder, "--json");
    const { calibration, answers, sample, ...rest } = JSON.parse(plain.out);
    deepEqual([calibration, answers, sample], [
      undefined,
      undefined,
      undefined,
    ]);
    // Two methods segment two targets.
    equal(plain.segmented, 4);
    const table = await evaluate("--data", folder);
    ok(!/calibration|others/.test(table.out));

    const full = await evaluate("--data", folder, "--json", "--calibration");
    const { calibration: measured, answers: given, ...same } = JSON.parse(
      full.out,
    );
    deepEqual(same, rest);
    deepEqual([given[0].own.length, given[0].others.length], [2, 4]);
    deepEqual([measured.sets[0].targets, measured.sets[0].others], [2, 4]);
    equal(full.segmented, 4 + 6 + given[0].without.length);
  }));

Deno.test("a sample of the images of others is bounded, and said", () =>
  inFolder(async (folder) => {
    await writeSet(folder, SUBJECTS);
    const [set] = findDatasets(folder);
    const all = await answerSet(set, { engine, recipe, maxPixels });
    const calibrate = ["--data", folder, "--calibration"];
    const two = ["--others", "2", "--seed", "3"];
    const { out } = await evaluate(...calibrate, ...two, "--json");
    const { answers: [{ own, others }], sample, calibration } = JSON.parse(out);
    deepEqual(sample, { others: 2, seed: 3 });
    deepEqual(own, all.own);
    equal(calibration.sets[0].others, 2);
    const drawn = questionsOf(set, sample).filter(({ isOwn }) => !isOwn);
    deepEqual(
      others,
      drawn.map(({ subject, pair }) =>
        all.others.find((one) =>
          one.subject === subject.name && one.image === pair.name
        )
      ),
    );
    const table = await evaluate(...calibrate, "--others", "0");
    match(table.out, /\| 2 \| 0 \| – \|/);
    match(table.out, /at most 0 of each set, drawn with seed 1\./);
  }));

Deno.test("the same seed draws the same images of others, another one others, and targets are always all asked", () =>
  inFolder(async (folder) => {
    await writeSet(folder, SUBJECTS);
    const [set] = findDatasets(folder);
    const drawn = (seed: number) => {
      const asked = questionsOf(set, { others: 2, seed });
      equal(asked.filter(({ isOwn }) => isOwn).length, 2);
      equal(asked.length, 2 + 2);
      return asked.map(({ subject, pair }) => subject.name + pair.name).join();
    };
    equal(drawn(3), drawn(3));
    const samples = Array.from({ length: 20 }, (_, seed) => drawn(seed));
    ok(new Set(samples).size > 3, samples.join(" "));
    deepEqual(questionsOf(set, { others: 50, seed: 1 }), questionsOf(set));
  }));

Deno.test("what only a calibration uses is refused without one, and bad numbers by their option", async () => {
  const refused: [string[], RegExp][] = [
    [["--plot", "a.png"], /^--plot needs .*; add --calibration\. See/],
    [["--others", "5"], /^--others needs .*; add --calibration\. See/],
    [["--seed", "5"], /^--seed needs .*; add --calibration\. See/],
    [["--calibration", "--seed", "5"], /^--seed draws a sample; add --others/],
    [
      ["--calibration", "--others", "x"],
      /--others .*'x' is invalid\. Wanted a whole/,
    ],
    [
      ["--calibration", "--others=-1"],
      /--others .*'-1' is invalid\. Wanted a whole/,
    ],
    [
      ["--calibration", "--others", "5", "--seed", "1.5"],
      /--seed .*'1\.5' is invalid\. Wanted a whole number/,
    ],
  ];
  for (const [args, message] of refused) {
    await rejects(() => evaluate("--data", "none", ...args), {
      name: "EdgeError",
      message,
    });
  }
});

Deno.test("several images at a time give what one at a time gives, in the same order", () =>
  inFolder(async (folder) => {
    await writeSet(folder, { ...SUBJECTS, a: [first, second, third] });
    const [set] = findDatasets(folder);
    const methods = methodsOf(recipe);
    const { box } = methods;
    const all = { box, several: severalReferences(recipe, 2) };
    const evaluator = { engine, methods, maxPixels };
    deepEqual(
      await countSet(set, { ...evaluator, parallel }),
      await countSet(set, evaluator),
    );
    const two = { engine, methods: all, references: 2, maxPixels };
    deepEqual(
      await countSet(set, { ...two, parallel }),
      await countSet(set, two),
    );
    const calibrator = { engine, recipe, maxPixels };
    deepEqual(
      await answerSet(set, { ...calibrator, parallel }),
      await answerSet(set, calibrator),
    );
  }));

Deno.test("of several images at a time, too, an error names the first file that cannot be used", () =>
  inFolder(async (folder) => {
    await writeSet(folder, SUBJECTS);
    for (const file of ["a/1.png", "b/0.png"]) {
      await Deno.writeTextFile(`${folder}/Images/${file}`, "no image");
    }
    const [set] = findDatasets(folder);
    const methods = methodsOf(recipe);
    const evaluator = { engine, methods, maxPixels, parallel };
    await rejects(
      () => countSet(set, evaluator),
      /^EdgeError: Cannot use .*Images\/a\/1\.png: /,
    );
  }));
