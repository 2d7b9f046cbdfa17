/**
 * The product against the method written with PyTorch, scikit-learn and POT, turn by turn on the same pictures and
 * weights; see tests/bench/README.md.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EMBEDDED_MODELS } from "../../../deploy/config.ts";
import { runCommand } from "../../../deploy/commands/run_command.ts";
import {
  collect,
  createCommand,
  Option,
  wholeNumber,
} from "../../../lib/cli/command_line.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { loadPackage } from "../../../lib/model/package.ts";
import type { Embedding } from "../../../lib/pipeline/types.ts";
import type { Size } from "../../../lib/core/geometry.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";
import type { RuntimeName } from "../../../lib/runtime/runtime.ts";
import { createClock } from "./clock.ts";
import { emdSizes } from "./emd_sizes.ts";
import { Ours, type Stages } from "./ours.ts";
import { drawLogits, drawPicture } from "./picture.ts";
import { type Python, type SegmentAnswer, startPython } from "./python.ts";
import { cell, spread } from "./statistics.ts";
import { widen } from "./widen.ts";

/** Runs of our side before the first round, until JavaScript is compiled. */
const WARM = 12;

const SIZES: Size[] = [
  { width: 512, height: 512 },
  { width: 2250, height: 1500 },
];

/** One way of running our side. */
interface Side {
  name: string;
  ours: Ours;
}

/** Milliseconds of every round, by stage, of the reference and of each of our sides. */
type Times = Map<string, Map<string, number[]>>;

function add(times: Times, side: string, stages: Stages): void {
  const of = times.get(side) ?? new Map<string, number[]>();
  times.set(side, of);
  for (const [stage, time] of Object.entries(stages)) {
    of.set(stage, [...(of.get(stage) ?? []), time]);
  }
}

/** The sum of all stages but the neural networks. */
function around({ prompts, box, retrieval, output, parts = 0 }: Stages) {
  return prompts + box + retrieval + output + parts;
}

class Files {
  #count = 0;
  constructor(readonly folder: string) {}

  write(data: Uint8Array | Float32Array): string {
    const path = `${this.folder}/${this.#count++}`;
    const { buffer, byteOffset, byteLength } = data;
    Deno.writeFileSync(path, new Uint8Array(buffer, byteOffset, byteLength));
    return path;
  }
}

function profileFiles(files: Files, profile: Profile) {
  const write = (sets: Profile["parts"]) =>
    sets.map(({ prototypes }) => files.write(prototypes));
  return {
    parts: write(profile.parts),
    negatives: write(profile.negatives),
    patches: files.write(profile.patches),
  };
}

const REFERENCE = "reference";

async function comparePictures(
  python: Python,
  sides: Side[],
  nano: Ours,
  size: Size,
  options: { rounds: number; share: number; encode: boolean },
  files: Files,
): Promise<Times> {
  const times: Times = new Map();
  const { width, height } = size;
  const first = drawPicture(width, height, options.share, 1);
  const next = drawPicture(width, height, options.share * 1.2, 2);
  const image = files.write(encodePng(next.image));
  const mask = files.write(encodePng(first.mask));

  // The candidates' masks, of about the structure's size.
  const masksOf = (side: number) =>
    [1, 0.85, 1.1, 0.95, 1.25].map((factor, i) =>
      drawLogits(size, side, options.share * factor, 3 + i)
    );
  const embed = async (ours: Ours) => ({
    annotated: (await ours.encode(first.image)).embedding,
    target: (await ours.encode(next.image)).embedding,
  });
  const trained = await embed(nano);
  const entered = [];
  for (const { name, ours } of sides) {
    const { geometry } = ours.model;
    const { annotated, target } = ours === nano
      ? trained
      : geometry.matched
      ? await embed(ours)
      : {
        annotated: widen(trained.annotated, geometry),
        target: widen(trained.target, geometry),
      };
    const { profile } = ours.enrol(annotated, first.mask);
    const masks = masksOf(ours.model.geometry.lowResMask);
    entered.push({ name, ours, annotated, target, profile, masks });
  }
  const [{ annotated, target, profile, masks }] = entered;
  const data = ({ tensors }: Embedding) =>
    files.write(tensors.image_embeddings.data);
  const enrolment = { op: "enrol", embedding: data(annotated), mask };
  const segmentation = {
    op: "segment" as const,
    embedding: data(target),
    size: [width, height],
    masks: masks.map((logits) => files.write(logits)),
    ...profileFiles(files, profile),
  };

  // As in a warm server: the stages around the networks run until they are compiled.
  for (const { ours, annotated, target, profile, masks } of entered) {
    for (let run = 0; run < WARM; run++) {
      ours.preprocess(next.image);
      ours.enrol(annotated, first.mask);
      await ours.segment(target, profile, masks, run > 0);
    }
  }
  for (let round = -1; round < options.rounds; round++) {
    const encoded = await python.ask({
      op: "encode",
      image,
      run: options.encode,
    });
    const enrolled = await python.ask(enrolment);
    const segmented = await python.ask(segmentation);
    const keep = round >= 0; // the first round warms up
    if (keep) {
      const stages = { ...enrolled.stages, ...segmented.stages };
      add(times, REFERENCE, {
        ...encoded.stages,
        ...stages,
        around: around(stages as Stages),
      });
    }
    for (const { name, ours, annotated, target, profile, masks } of entered) {
      const stages = {
        ...ours.preprocess(next.image),
        ...(options.encode && (await ours.encode(next.image)).stages),
        ...ours.enrol(annotated, first.mask).stages,
      };
      const { stages: more, ...answer } = await ours.segment(
        target,
        profile,
        masks,
      );
      const all = { ...stages, ...more };
      if (keep) add(times, name, { ...all, around: around(all) });
      if (round === -1 && ours === sides[0].ours) {
        report(size, profile, answer, segmented);
      }
    }
  }
  return times;
}

/** Whether both sides gave the same answer. */
function report(
  { width, height }: Size,
  profile: Profile,
  { winner, candidates, area }: Omit<
    Awaited<ReturnType<Ours["segment"]>>,
    "stages"
  >,
  theirs: SegmentAnswer,
) {
  const points = candidates.map((one) =>
    one.points.map(({ x, y, label }) => [x, y, label])
  );
  // The reference's maps are float32: a peak can fall on the next pixel.
  const apart = points.flat().map(([x, y], i) => {
    const [tx, ty] = theirs.points.flat()[i];
    return Math.hypot(x - tx, y - ty);
  });
  console.log(
    `${width}×${height}: ${
      profile.patches.length / profile.channels
    } annotated patches; points at most ${
      Math.max(...apart).toFixed(1)
    } pixels apart, winner ${winner.parts} and ${
      theirs.winner + 1
    }, area ${area} and ${theirs.area}`,
  );
}

const STAGES: [string, string][] = [
  ["preprocess", "preprocess"],
  ["encode", "encode"],
  ["parts", "parts (k-means, n = 1..5, m = 1)"],
  ["enrolment", "**whole enrolment**, given the embedding"],
  ["prompts", "prompts"],
  ["decode", "decode (15 runs of the decoder; 4 with lite)"],
  ["box", "boxes between the passes"],
  ["retrieval", "retrieval (cost matrices, exact distances)"],
  ["presence", "whether the structure is there (ours alone)"],
  ["output", "mask output (PNG, run lengths, polygons)"],
  ["around", "**all but the networks**"],
  ["segmentation", "**whole segmentation**, given the embedding"],
];

function table(times: Times, sides: Side[]): string {
  const theirs = times.get(REFERENCE)!;
  const names = sides.map(({ name }) => name);
  const middle = (values?: number[]) =>
    values === undefined ? "" : spread(values).median.toPrecision(3);
  const measured = times.get(names[0])!;
  const rows = STAGES.filter(([stage]) => measured.has(stage)).map(
    ([stage, title]) => {
      const reference = theirs.get(stage);
      const cells = names.map((name) => {
        const ours = times.get(name)!.get(stage)!;
        const ratio = reference === undefined
          ? ""
          : cell(reference.map((value, round) => value / ours[round]));
        return `${middle(ours)} | ${ratio}`;
      });
      return `| ${title} | ${middle(reference)} | ${cells.join(" | ")} |`;
    },
  );
  return [
    `| milliseconds | reference | ${
      names.map((name) => `${name} | ratio`).join(" | ")
    } |`,
    `| --- | ---: |${names.map(() => " ---: | ---: |").join("")}`,
    ...rows,
  ].join("\n");
}

const command = createCommand(
  "deno run --allow-all tests/bench/reference/compare.ts",
  "Times the product against the method in PyTorch, scikit-learn and POT, round by round.",
)
  .requiredOption("--graphs <folder>", "package with the networks to compare")
  .requiredOption("--python <interpreter>", "Python that has the packages")
  .option("--rounds <count>", "rounds", wholeNumber(1), 5)
  .option("--threads <count>", "threads of each side", wholeNumber(1), 1)
  .addOption(
    new Option("--clock <name>", "what is measured")
      .choices(["wall", "cpu"] as const).default("wall" as const),
  )
  .option(
    "--runtime <name>",
    "runtime of our side; may be repeated (default: native, then wasm)",
    collect,
  )
  .option(
    "--share <percent>",
    "share of the picture that the structure covers",
    Number,
    10,
  )
  .option("--encode", "also run the encoders")
  .option("--out <folder>", "folder for the results", "out/compare");

await runCommand(command.action(async (values) => {
  const { rounds, threads, share, clock, encode = false } = values;
  const options = { rounds, share: share / 100, encode };
  const runtimes = values.runtime ?? ["native", "wasm"];
  const now = createClock(clock);

  const built = await loadPackage(
    pathToFileURL(resolve(values.graphs) + "/"),
  );
  const nano = await loadPackage(new URL("nano/", EMBEDDED_MODELS));
  const sides: Side[] = [];
  for (const name of runtimes as RuntimeName[]) {
    sides.push({ name, ours: await Ours.open(built, name, threads, now) });
  }
  const trained = await Ours.open(nano, "wasm", threads, now);
  sides.push({ name: "nano, wasm", ours: trained });
  const lite = await loadPackage(new URL("lite/", EMBEDDED_MODELS));
  sides.push({
    name: "lite, wasm",
    ours: await Ours.open(lite, "wasm", threads, now),
  });

  const folder = await Deno.makeTempDir();
  const results: Record<string, unknown> = { threads, share, rounds, clock };
  let text = "";
  {
    await using python = await startPython(values.python, threads, clock);
    const files = new Files(folder);
    for (const size of SIZES) {
      const title = `${size.width}×${size.height}`;
      const times = await comparePictures(
        python,
        sides,
        trained,
        size,
        options,
        files,
      );
      results[title] = Object.fromEntries(
        [...times].map(([side, stages]) => [side, Object.fromEntries(stages)]),
      );
      const part =
        `\n${title}, structure ${share} %, ${threads} thread(s), ${clock} clock, ` +
        `ratio: median (least to most) of ${rounds} rounds\n\n` +
        table(times, sides) + "\n";
      console.log(part);
      text += part;
    }
    const emd = await emdSizes(
      python,
      rounds,
      now,
      (data) => files.write(data),
    );
    results.emd = emd.results;
    text += "\n" + emd.table + "\n";
    console.log(emd.table);
  }
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(values.out, { recursive: true });
  await Deno.writeTextFile(
    `${values.out}/results.json`,
    JSON.stringify(results),
  );
  await Deno.writeTextFile(`${values.out}/results.md`, text);
  const plot = new URL("plot.py", import.meta.url).pathname;
  await new Deno.Command(values.python, { args: [plot, values.out] }).spawn()
    .status;
}));
