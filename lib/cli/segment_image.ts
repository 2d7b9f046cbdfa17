import { join } from "node:path";
import { encodePng } from "../codecs/png/encode.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Raster } from "../core/raster.ts";
import type { SegmentationAnswer } from "../engine/engine.ts";
import { decodeRle, type Rle } from "../format/mask/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { drawOverlay } from "../image/overlay.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import { provenanceOf } from "../receipt/provenance.ts";
import { writeReceipt } from "../receipt/receipt.ts";
import { drawExplanation } from "./draw_explanation.ts";
import type { NamedImage } from "./images.ts";
import type { OpenModel } from "./open_model.ts";

/** What a receipt calls the reference; its file's name could name a person. */
const REFERENCE = "reference";

/** What is written of an image. */
export interface ResultOptions {
  /** The folder for the results. */
  out: string;
  label: string;
  recipe?: RecipeName | undefined;
  /** Also a picture of every candidate. */
  explain?: boolean | undefined;
  /** Also a receipt. */
  receipt?: boolean | undefined;
}

/**
 * Segments an image, and writes its mask, its overlay and what else is asked for.
 *
 * @returns a line about the results, doubts about the file, the overlay, and the mask in image space.
 */
export async function segmentImage(
  image: NamedImage,
  model: OpenModel,
  profile: Bytes,
  { label, out, explain = false, receipt = false, ...options }: ResultOptions,
): Promise<
  { line: string; warnings: string[]; overlay: Raster; mask: Rle }
> {
  const { engine, maxPixels } = model;
  const { recipe = model.recipe } = options;
  const file = await image.read();
  const embedding = await engine.embed(file);
  const answer = await engine.segment(embedding.bytes, [profile], {
    png: true,
    recipe: RECIPES[recipe],
    trace: explain,
  });
  const { bytes, frame } = file;
  const raster = await decodeImage(bytes, { maxPixels }, frame);
  const overlay = drawOverlay(
    raster,
    decodeRle(answer.mask),
    answer.winner.points,
  );
  const target = join(out, image.target);
  await Deno.writeFile(`${target}_mask.png`, answer.png!);
  await Deno.writeFile(`${target}_overlay.png`, encodePng(overlay));
  if (receipt) {
    const written = await writeReceipt(
      await provenanceOf({
        model,
        source: image.frameOf ??
          { bytes: bytes as Bytes, ...(frame !== undefined && { frame }) },
        embedding,
        label,
        profiles: [{ reference: REFERENCE, bytes: profile }],
        recipe,
      }, model.environment),
      answer.mask,
    );
    const text = JSON.stringify(written, null, 2);
    await Deno.writeTextFile(`${target}_receipt.json`, text + "\n");
  }
  if (explain) {
    const drawn = drawExplanation(raster, answer, [REFERENCE]);
    await Deno.writeFile(`${target}_explain.png`, encodePng(drawn));
  }
  const line = `${target}_mask.png: ${describe(answer)}`;
  const doubts = [...file.warnings ?? [], ...embedding.warnings ?? []];
  const warnings = doubts.map(({ detail }) => `${image.path}: ${detail}`);
  return { line, warnings, overlay, mask: answer.mask };
}

function describe({ mask, winner, presence }: SegmentationAnswer): string {
  const { parts, negatives, distance } = winner;
  const { present, reason, confidence } = presence;
  const trusted = confidence === null
    ? ""
    : `, confidence ${confidence.toFixed(2)}`;
  const found = present
    ? `${mask.area} pixels`
    : `not found in this image (${reason})`;
  const chosen = parts === 0
    ? "by all patches"
    : `parts ${parts}, negatives ${negatives}`;
  return `${found}, ${chosen}, ` +
    `distance ${distance.toFixed(3)}${trusted}`;
}
