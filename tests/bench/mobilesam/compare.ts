/**
 * The embedded model against one of MobileSAM's shape, turn by turn in one process; `build.py` makes
 * the other one. See tests/bench/README.md.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EMBEDDED_MODELS } from "../../../deploy/config.ts";
import { runCommand } from "../../../deploy/commands/run_command.ts";
import { createCommand, wholeNumber } from "../../../lib/cli/command_line.ts";
import { loadPackage, type ModelPackage } from "../../../lib/model/package.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { decodeOnce } from "../../../lib/pipeline/cascade.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import type { Box, Point } from "../../../lib/core/geometry.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/open_runtime.ts";

const BUILD = "uv run tests/bench/mobilesam/build.py --official --out";

/** In fractions of the frame: five clicks inside, one outside, and the box of the third pass. */
const INSIDE = [[.5, .5], [.4, .45], [.6, .55], [.45, .6], [.55, .4]];
const OUTSIDE = [.1, .9];
const BOX = [.3, .3, .7, .7];

/** A model on the product's own runtime, warmed, with the third pass of a cascade ready. */
async function enter(model: ModelPackage, threads: number) {
  const { encoder, decoder } = await createOnnxModel(
    model,
    await openRuntime({ name: "wasm", threads, encodes: true }),
  );
  const { digest, size } = model.geometry;
  const random = mulberry32(1);
  const pixels = Float32Array.from(
    { length: 3 * size * size },
    () => 4 * random() - 2,
  );
  const click = ([x, y]: number[], label: 0 | 1): Point => (
    { x: x * size, y: y * size, label }
  );
  const points = [...INSIDE.map((at) => click(at, 1)), click(OUTSIDE, 0)];
  const box = BOX.map((at) => at * size) as Box;
  const [tensors] = await encoder.encode([pixels]);
  const image = { width: size, height: size };
  const embedding = { model: digest, image, tensors };
  const target = new Target(embedding, decoder, model.geometry);
  const first = await decodeOnce(target, { points });
  const third = { points, box, mask: first.logits };
  await decodeOnce(target, third);
  return {
    megabytes: (model.encoder!.length + model.decoder!.length) / 1e6,
    encode: () => encoder.encode([pixels]),
    decode: () => decodeOnce(target, third),
  };
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** Median, least and most. */
function spread(values: number[]): string {
  const all = [median(values), Math.min(...values), Math.max(...values)];
  const [middle, least, most] = all.map((value) => value.toFixed(1));
  return `${middle} (${least} to ${most})`;
}

/** One row of the table; every round gives one ratio. */
function race(stage: string, large: number[], small: number[], goal: number) {
  const ratios = large.map((value, round) => value / small[round]);
  const cells = [large, small, ratios].map(spread).join(" | ");
  return `| ${stage}, ms | ${cells} | ≥ ${goal}× | ${
    verdict(median(ratios) >= goal)
  } |`;
}

const verdict = (holds: boolean) => holds ? "yes" : "**no**";

const command = createCommand(
  "deno run --allow-read --allow-env --allow-sys tests/bench/mobilesam/compare.ts",
  "Times the embedded model against MobileSAM, round by round.",
)
  .requiredOption("--graphs <folder>", "package that build.py wrote")
  .option("--rounds <count>", "rounds", wholeNumber(1, 9999), 10)
  .option("--threads <count>", "threads of WASM", wholeNumber(1, 9999), 1);

await runCommand(command.action(async (options) => {
  const { rounds, threads } = options;
  const graphs = pathToFileURL(resolve(options.graphs) + "/");
  const built = await loadPackage(graphs).catch((error) => {
    throw new Error(`${error.message} Build it: ${BUILD} ${options.graphs}`);
  });
  const large = await enter(built, threads);
  const small = await enter(
    await loadPackage(new URL("nano/", EMBEDDED_MODELS)),
    threads,
  );

  const encoder: [number[], number[]] = [[], []];
  const decoder: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [i, model] of [large, small].entries()) {
      encoder[i].push(await milliseconds(model.encode));
    }
    for (const [i, model] of [large, small].entries()) {
      decoder[i].push(await milliseconds(model.decode));
    }
  }

  const [theirs, ours] = [large.megabytes, small.megabytes];
  console.log(`
WASM threads: ${threads}. Median (least to most) of ${rounds} rounds:

| | MobileSAM's shape | nano | ratio | goal | holds |
| --- | ---: | ---: | ---: | ---: | --- |
${race("encoder", ...encoder, 10)}
${race("decoder", ...decoder, 5)}
| ONNX files, MB | ${theirs.toFixed(1)} | ${ours.toFixed(1)} | ${
    (theirs / ours).toFixed(1)
  } | ≤ 25 MB | ${verdict(ours <= 25)} |`);
}));
