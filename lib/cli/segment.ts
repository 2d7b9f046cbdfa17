import { basename, extname, join } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { EdgeError } from "../errors.ts";
import { decodeRle } from "../format/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { encodePng } from "../image/encode_png.ts";
import { drawOverlay } from "../image/overlay.ts";
import {
  misuse,
  naming,
  parseCommand,
  readNamed,
  recipeNamed,
} from "./arguments.ts";

export const SEGMENT_USAGE =
  "deno task segment --reference a.png --mask a_mask.png --image b.png [--image c.png …] [--recipe medical|natural] --out folder";

/** Enrols one annotated image and writes the mask and an overlay of every other image. */
export async function segmentFiles(
  args: string[],
  openEngine: () => Promise<Engine>,
  maxPixels: number,
): Promise<void> {
  const { values: { reference, mask, image, recipe: name, out } } =
    parseCommand(args, {
      reference: { type: "string" },
      mask: { type: "string" },
      image: { type: "string", multiple: true },
      recipe: { type: "string", default: "medical" },
      out: { type: "string" },
    }, SEGMENT_USAGE);
  if (!reference || !mask || !image || !out) {
    throw misuse(
      "--reference, --mask, --image and --out are all needed",
      SEGMENT_USAGE,
    );
  }
  const recipe = recipeNamed(name, SEGMENT_USAGE);
  const names = image.map((path) => basename(path, extname(path)));
  if (new Set(names).size < names.length) {
    throw new EdgeError(
      "invalid-input",
      "Two images have the same name, so their results would overwrite each other.",
    );
  }
  const annotated = await readNamed(reference);
  const annotation = await readNamed(mask);
  const files = await Promise.all(image.map(readNamed));

  const engine = await openEngine();
  const embedding = await naming(
    reference,
    () => engine.embed({ bytes: annotated }),
  );
  const profile = await naming(
    mask,
    () => engine.enrol(embedding.bytes, { file: { bytes: annotation } }),
  );
  await Deno.mkdir(out, { recursive: true });
  for (const [i, bytes] of files.entries()) {
    await naming(image[i], async () => {
      const embedding = await engine.embed({ bytes });
      const answer = await engine.segment(embedding.bytes, [profile.bytes], {
        png: true,
        recipe,
      });
      const picture = drawOverlay(
        await decodeImage(bytes, { maxPixels }),
        decodeRle(answer.mask),
        answer.winner.points,
      );
      const target = join(out, names[i]);
      await Deno.writeFile(`${target}_mask.png`, answer.png!);
      await Deno.writeFile(`${target}_overlay.png`, encodePng(picture));
      const { parts, negatives, distance } = answer.winner;
      console.log(
        `${target}_mask.png: ${answer.mask.area} pixels, parts ${parts}, ` +
          `negatives ${negatives}, distance ${distance.toFixed(3)}`,
      );
    });
  }
}
