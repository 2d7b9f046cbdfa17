import { join } from "node:path";
import { decodeImage } from "../image/decode.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { encodePng } from "../codecs/png/encode.ts";
import { drawOverlay } from "../image/overlay.ts";
import type { Raster } from "../core/raster.ts";
import { createCommand, outputFolder, runCommandLine } from "./command_line.ts";
import { drawPatient } from "../sample/patient.ts";
import { dice } from "../core/mask.ts";
import type { OpenModel } from "./open_model.ts";
import { paste } from "./montage.ts";
import { segmentCommand } from "./segment_files.ts";

/** Pixels between the two pictures. */
const GAP = 8;

/** `deno task demo`. */
export function demoCommand(openModel: () => Promise<OpenModel>) {
  return createCommand(
    "deno task demo",
    "Draws a patient's two visits, enrols the first, segments the second, and prints Dice.",
  )
    .option(
      "--out <folder>",
      "folder for the images and results",
      outputFolder,
      "out/demo",
    )
    .action(async ({ out }) => {
      const model = await openModel();
      const { first, second } = drawPatient();
      await Deno.mkdir(out, { recursive: true });
      const file = (name: string) => join(out, name);
      const write = (name: string, picture: Parameters<typeof encodePng>[0]) =>
        Deno.writeFile(file(name), encodePng(picture));
      await write("visit-1.png", first.image);
      await write("visit-1_annotation.png", first.mask);
      await write("visit-2.png", second.image);
      await runCommandLine(
        segmentCommand(() => Promise.resolve(model)),
        [
          ["--reference", file("visit-1.png")],
          ["--mask", file("visit-1_annotation.png")],
          ["--image", file("visit-2.png")],
          ["--out", out],
        ].flat(),
      );
      const read = (name: string) => Deno.readFile(file(name));
      const found = await decodeMask(await read("visit-2_mask.png"), model);
      const result = await decodeImage(
        await read("visit-2_overlay.png"),
        model,
      );
      const annotated = drawOverlay(first.image, first.mask);
      await write("demo.png", sideBySide(annotated, result));
      const score = dice(found.data, second.mask.data).toFixed(3);
      console.log(`Dice of visit 2: ${score}`);
      console.log(
        `Picture: ${file("demo.png")} (left annotated, right segmented)`,
      );
    });
}

/** Two RGB pictures of one height beside each other, on white. */
function sideBySide(left: Raster, right: Raster): Raster {
  const { height } = left;
  const width = left.width + GAP + right.width;
  const data = new Uint8Array(width * height * 3).fill(255);
  const picture: Raster = { width, height, channels: 3, data };
  paste(picture, left, 0, 0);
  paste(picture, right, left.width + GAP, 0);
  return picture;
}
