import { join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { encodePng } from "../image/encode_png.ts";
import { drawVisit } from "./phantom.ts";
import { misuse, parseCommand } from "./arguments.ts";
import { segmentFiles } from "./segment.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { dice, overlap } from "./score.ts";

const USAGE = "deno task demo [--out folder]";

/** Generates a patient's two visits, enrols the first, segments the second, and prints Dice. */
export async function demo(
  args: string[],
  engine: Engine,
  maxPixels: number,
): Promise<void> {
  const { out } = parseCommand(args, {
    out: { type: "string", default: "out/demo" },
  }, USAGE);
  if (!out) throw misuse("--out needs a folder", USAGE);
  const first = drawVisit({
    seed: 1,
    turn: 0,
    shift: [0, 0],
    growth: 1,
    contrast: 1,
  });
  const second = drawVisit({
    seed: 2,
    turn: 0.18,
    shift: [14, -9],
    growth: 1.25,
    contrast: 0.85,
  });

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
    () => Promise.resolve(engine),
    maxPixels,
  );
  const found = await decodeMask(
    await Deno.readFile(file("visit-2_mask.png")),
    { maxPixels },
  );
  console.log(
    `Dice of visit 2: ${dice(overlap(found, second.mask)).toFixed(3)}`,
  );
  console.log(`Picture: ${file("visit-2_overlay.png")}`);
}
