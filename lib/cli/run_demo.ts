import { join } from "node:path";
import { decodeImage } from "../image/decode.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { encodePng } from "../codecs/png/encode.ts";
import { drawOverlay } from "../image/overlay.ts";
import type { Raster } from "../core/raster.ts";
import { misuse, parseCommand } from "./arguments.ts";
import { drawPatient } from "../sample/patient.ts";
import { dice, overlap } from "../evaluation/metrics.ts";
import type { OpenModel } from "./open_model.ts";
import { segmentFiles } from "./segment_files.ts";

const USAGE = "deno task demo [--out folder]";
/** Pixels between the two pictures. */
const GAP = 8;

/** Generates a patient's two visits, enrols the first, segments the second, and prints Dice. */
export async function demo(
  args: string[],
  model: OpenModel,
  maxPixels: number,
): Promise<void> {
  const { values: { out } } = parseCommand(args, {
    out: { type: "string", default: "out/demo" },
  }, USAGE);
  if (!out) throw misuse("--out needs a folder", USAGE);
  const { first, second } = drawPatient();
  await Deno.mkdir(out, { recursive: true });
  const file = (name: string) => join(out, name);
  await Deno.writeFile(file("visit-1.png"), encodePng(first.image));
  await Deno.writeFile(file("visit-1_annotation.png"), encodePng(first.mask));
  await Deno.writeFile(file("visit-2.png"), encodePng(second.image));
  await segmentFiles(
    [
      ["--reference", file("visit-1.png")],
      ["--mask", file("visit-1_annotation.png")],
      ["--image", file("visit-2.png")],
      ["--out", out],
    ].flat(),
    () => Promise.resolve(model),
    maxPixels,
  );
  const read = (name: string) => Deno.readFile(file(name));
  const found = await decodeMask(await read("visit-2_mask.png"), { maxPixels });
  const result = await decodeImage(await read("visit-2_overlay.png"), {
    maxPixels,
  });
  const annotated = drawOverlay(first.image, first.mask);
  const picture = encodePng(sideBySide(annotated, result));
  await Deno.writeFile(file("demo.png"), picture);
  const score = dice(overlap(found, second.mask)).toFixed(3);
  console.log(`Dice of visit 2: ${score}`);
  console.log(
    `Picture: ${file("demo.png")} (left annotated, right segmented)`,
  );
}

/** Two RGB pictures of one size beside each other on white. */
function sideBySide(left: Raster, right: Raster): Raster {
  const { height } = left;
  const width = left.width + GAP + right.width;
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let y = 0; y < height; y++) {
    const row = (raster: Raster) =>
      raster.data.subarray(y * raster.width * 3, (y + 1) * raster.width * 3);
    data.set(row(left), y * width * 3);
    data.set(row(right), (y * width + left.width + GAP) * 3);
  }
  return { width, height, channels: 3, data };
}
