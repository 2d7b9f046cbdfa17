import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { composeModel } from "../../../deploy/compose_engine.ts";
import { readConfig } from "../../../deploy/config.ts";
import { findDatasets } from "../../../lib/evaluation/data_set.ts";
import { evaluateSet } from "../../support/evaluate_set.ts";
import { describeMask } from "../../../lib/format/mask/document.ts";
import { centrePoint } from "../../../lib/evaluation/clicks.ts";
import { ablationsOf, methodsOf } from "../../../lib/evaluation/methods.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import { drawPatient, type Visit } from "../../../lib/sample/patient.ts";
import { dice } from "../../../lib/core/mask.ts";
import type {
  MaskPrompt,
  SegmentationAnswer,
} from "../../../lib/engine/engine.ts";
import { decodeRle } from "../../../lib/format/mask/rle.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import type { Mask } from "../../../lib/core/mask.ts";
import { inFolder } from "../../support/in_folder.ts";
import { TEST_MODELS } from "../../support/model_package.ts";
import { writeSet } from "../../support/perseg_set.ts";

const METHODS = methodsOf(RECIPES.medical);
const EVERY = { ...METHODS, ...ablationsOf(RECIPES.medical) };

const { engine } = await composeModel(readConfig({
  MODEL: Deno.env.get("MODEL") ?? "tiny",
  MODELS: TEST_MODELS.pathname,
  THREADS: "1",
}));
const maxPixels = 1e6;
const { first, second } = drawPatient();

const masked = (mask: Mask, keep: (x: number, y: number) => boolean): Mask => ({
  ...mask,
  data: mask.data.map((_, i) =>
    keep(i % mask.width, Math.floor(i / mask.width)) ? 255 : 0
  ),
});
const empty = masked(second.mask, () => false);

/** The set of one subject with these images, the first its reference. */
function withSubject(
  visits: Visit[],
  test: (set: ReturnType<typeof findDatasets>[number]) => Promise<void>,
) {
  return inFolder(async (folder) => {
    await writeSet(folder, { one: visits });
    const [set] = findDatasets(folder);
    await test(set);
  });
}

const embed = ({ image }: Visit) => engine.embed({ bytes: encodePng(image) });

const near = (got: number, wanted: number) =>
  ok(Math.abs(got - wanted) < 1e-12, `${got} for ${wanted}`);

Deno.test("box and centre point are scored on the reference too, the others on targets", () =>
  withSubject([first, second], async (set) => {
    const { subjects: [{ scores }] } = await evaluateSet(set, {
      engine,
      methods: METHODS,
      maxPixels,
    });
    deepEqual(
      Object.entries(scores).map(([key, { images }]) => [key, images]),
      [
        ["p2sam", 1],
        ["onePrototype", 1],
        ["copiedMask", 1],
        ["box", 2],
        ["centrePoint", 2],
      ],
    );
    const meanDice = async (promptOf: (mask: Mask) => MaskPrompt) => {
      let sum = 0;
      for (const visit of [first, second]) {
        const { mask } = await engine.decode(
          (await embed(visit)).bytes,
          promptOf(visit.mask),
        );
        sum += dice(decodeRle(mask).data, visit.mask.data);
      }
      return sum / 2;
    };
    near(
      scores.box.dice,
      await meanDice((mask) => ({ points: [], box: describeMask(mask).box! })),
    );
    near(
      scores.centrePoint.dice,
      await meanDice((mask) => ({ points: [centrePoint(mask)!] })),
    );
    near(scores.copiedMask.dice, dice(first.mask.data, second.mask.data));
    ok(scores.box.dice > 0.5 && scores.centrePoint.dice > 0.5);
  }));

Deno.test("a target without the structure counts for all but box and centre point", () =>
  withSubject([first, second, { ...second, mask: empty }], async (set) => {
    const { subjects: [{ scores }] } = await evaluateSet(set, {
      engine,
      methods: METHODS,
      maxPixels,
    });
    deepEqual([scores.box.images, scores.centrePoint.images], [2, 2]);
    equal(scores.p2sam.images, 2);
    // The copied mask is there, the structure is not: that image scores 0.
    near(scores.copiedMask.dice, dice(first.mask.data, second.mask.data) / 2);
    equal(scores.copiedMask.images, 2);
  }));

Deno.test("a one-pixel target and one at the border are prompted and scored", () => {
  const pixel = masked(second.mask, (x, y) => x === 200 && y === 100);
  const corner = masked(second.mask, (x, y) => x > 300 && y > 350);
  const { box, centrePoint } = METHODS;
  const visits = [pixel, corner].map((mask) => ({ ...second, mask }));
  return withSubject([first, ...visits], async (set) => {
    const { subjects: [{ scores }] } = await evaluateSet(set, {
      engine,
      methods: { box, centrePoint },
      maxPixels,
    });
    for (const { dice, iou, images } of Object.values(scores)) {
      equal(images, 3);
      ok(iou > 0 && iou <= dice && dice <= 1);
    }
  });
});

Deno.test("an ablation switches off what its title says and nothing else", async () => {
  const embedding = await embed(second);
  const annotated = await embed(first);
  const profile = await engine.enrol(annotated.bytes, {
    file: { bytes: encodePng(first.mask) },
  });
  const candidates = await engine.propose(embedding.bytes, profile.bytes);
  const tried = (answer: SegmentationAnswer) =>
    answer.candidates.map(({ parts, negatives }) => [parts, negatives]);
  /** The method's mask, and the real engine's answer that it comes from. */
  const run = async (key: keyof typeof EVERY) => {
    const answers: SegmentationAnswer[] = [];
    const mask = await EVERY[key].predict(
      {
        ...engine,
        async segment(...request) {
          answers.push(await engine.segment(...request));
          return answers[0];
        },
      },
      { embedding, truth: second.mask },
      { profile, profiles: [profile], mask: first.mask },
    );
    equal(answers.length, 1);
    deepEqual(mask, decodeRle(answers[0].mask));
    return answers[0];
  };
  const full = await run("p2sam");
  const oneCandidate = await run("oneCandidate");
  const onePass = await run("onePass");
  const twoPasses = await run("twoPasses");

  deepEqual(tried(full), [[1, 1], [2, 1], [3, 1], [4, 1], [5, 1]]);
  deepEqual(tried(onePass), tried(full));
  deepEqual(tried(twoPasses), tried(full));
  // The candidate of the full method, all three passes of it.
  deepEqual(oneCandidate.candidates, full.candidates.slice(0, 1));
  const decoded = await Promise.all(
    candidates.map(({ points }) => engine.decode(embedding.bytes, { points })),
  );
  // A person's points run all three passes, too.
  deepEqual(
    full.candidates.map(({ predictedIou }) => predictedIou),
    decoded.map(({ predictedIou }) => predictedIou),
  );
  const byPasses = [full, onePass, twoPasses].map(({ candidates }) =>
    candidates[0].predictedIou
  );
  equal(new Set(byPasses).size, 3);
});

Deno.test("an annotation that cannot be used is named", async () => {
  const evaluator = { engine, methods: METHODS, maxPixels };
  const small = { width: 8, height: 8, data: new Uint8Array(64).fill(255) };
  await withSubject([first, { ...second, mask: small }], (set) =>
    rejects(
      () => evaluateSet(set, evaluator),
      /^EdgeError: Cannot use .*Annotations\/one\/1\.png: The mask is 8×8 pixels, the image 384×384/,
    ));
  await withSubject([{ ...first, mask: empty }, second], (set) =>
    rejects(
      () => evaluateSet(set, evaluator),
      /^EdgeError: Cannot use .*Annotations\/one\/0\.png: /,
    ));
});
