/**
 * What the pipeline costs against image size, structure size and number of candidates: milliseconds of CPU time with the
 * embedded model and one WASM thread, each point measured in a separate process:
 *
 *     deno run --allow-all tests/bench/cost.ts
 */
import process from "node:process";
import { EMBEDDED_MODELS } from "../../deploy/config.ts";
import { loadPackage } from "../../lib/model/package.ts";
import { createClock } from "./reference/clock.ts";
import { Ours, type Stages } from "./reference/ours.ts";
import { drawLogits, drawPicture } from "./reference/picture.ts";
import { spread } from "./reference/statistics.ts";

interface Point {
  width: number;
  height: number;
  /** Share of the image that the structure covers. */
  share: number;
  /** Candidates: n = 1..most. */
  most: number;
}

const ROUNDS = 3;
/** Rounds before those, all but the last without the decoder, until JavaScript is compiled. */
const WARM = 8;

async function measure({ width, height, share, most }: Point) {
  const model = await loadPackage(new URL("nano/", EMBEDDED_MODELS));
  const ours = await Ours.open(model, "wasm", 1, createClock("cpu"));
  const first = drawPicture(width, height, share, 1);
  const next = drawPicture(width, height, share, 2);
  const { embedding: annotated } = await ours.encode(first.image);
  const { embedding: target } = await ours.encode(next.image);
  // Masks of about the structure's size, whatever the decoder makes of the drawing.
  const masks = [1, 0.85, 1.1, 0.95, 1.25].map((factor, i) =>
    drawLogits(
      { width, height },
      model.geometry.lowResMask,
      share * factor,
      3 + i,
    )
  );
  const rounds: Stages[] = [];
  for (let round = -WARM; round < ROUNDS; round++) {
    const { profile, stages } = ours.enrol(annotated, first.mask);
    profile.parts = profile.parts.slice(0, most);
    const { stages: more } = await ours.segment(
      target,
      profile,
      masks,
      round < -1,
    );
    const all = { ...ours.preprocess(next.image), ...stages, ...more };
    if (round >= 0) rounds.push(all);
  }
  const medians = Object.keys(rounds[0]).map((stage) => [
    stage,
    spread(rounds.map((one) => one[stage])).median,
  ]);
  const status = Deno.readTextFileSync("/proc/self/status");
  const peak = Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
  return { stages: Object.fromEntries(medians) as Stages, peak };
}

if (Deno.args[0] === "point") {
  console.log(JSON.stringify(await measure(JSON.parse(Deno.args[1]))));
  process.exit();
}

const BASE: Point = { width: 512, height: 512, share: 0.1, most: 5 };
const POINTS: Point[] = [
  { ...BASE, width: 256, height: 256 },
  BASE,
  { ...BASE, width: 1024, height: 1024 },
  { ...BASE, width: 2250, height: 1500 },
  { ...BASE, width: 4000, height: 3000 },
  ...[0.01, 0.05, 0.2, 0.4, 0.6].map((share) => ({ ...BASE, share })),
  ...[1, 2, 3].map((most) => ({ ...BASE, most })),
];
const COLUMNS = [
  "preprocess",
  "enrolment",
  "prompts",
  "decode",
  "box",
  "retrieval",
  "output",
  "segmentation",
];
console.log(
  `| image | structure | candidates | ${
    COLUMNS.join(" | ")
  } | peak memory, MB |\n` +
    `| --- | ---: | ---: |${" ---: |".repeat(COLUMNS.length + 1)}`,
);
for (const point of POINTS) {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      import.meta.filename!,
      "point",
      JSON.stringify(point),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("A measurement failed; its error is above.");
  const { stages, peak } = JSON.parse(new TextDecoder().decode(stdout));
  const cells = COLUMNS.map((stage) => stages[stage].toPrecision(3));
  console.log(
    `| ${point.width}×${point.height} | ${
      Math.round(100 * point.share)
    } % | ${point.most} | ${cells.join(" | ")} | ${peak.toFixed(0)} |`,
  );
}
