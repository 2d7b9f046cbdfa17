import { join } from "node:path";
import { invalidInput } from "../core/errors.ts";
import { type Code, parseCode, TISSUE } from "../dicom/segmentation/write.ts";
import { decodeRle, type Rle } from "../format/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { encodePng } from "../codecs/png/encode.ts";
import { drawOverlay } from "../image/overlay.ts";
import type { Raster } from "../core/raster.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import { provenanceOf } from "../receipt/provenance.ts";
import { writeReceipt } from "../receipt/receipt.ts";
import type { Bytes } from "../core/bytes.ts";
import {
  misuse,
  naming,
  parseCommand,
  readNamed,
  recipeNamed,
  wholeNumber,
} from "./arguments.ts";
import { drawExplanation } from "./draw_explanation.ts";
import { type NamedImage, openImages, requirePaths } from "./images.ts";
import { createMontage } from "./montage.ts";
import { type FrameMask, writeOwnFormats } from "./source_formats.ts";
import type { OpenModel } from "./open_model.ts";
import { createProgress } from "./progress.ts";
import { enrol } from "./enrol_file.ts";

export const SEGMENT_USAGE =
  "deno task segment --reference a.png --mask a_mask.png [--frame n] [--segment n] " +
  "--image b.png|folder|series.zip|volume.nii.gz|frames.dcm [--image …] " +
  "[--recipe medical|natural] [--montage all.png] [--explain] [--receipt] " +
  "[--label name] " +
  "[--category code] [--property code] [--region code] --out folder";

/** What a receipt calls the reference; its file's name could name a person. */
const REFERENCE = "reference";

/**
 * Enrols one annotated image, or a frame of a volume and the same of its mask, and writes the mask and an
 * overlay of every other image, and of DICOM series and NIfTI volumes their segmentation. An image that cannot be used is told and left out; the others go on.
 */
export async function segmentFiles(
  args: string[],
  openModel: () => Promise<OpenModel>,
  maxPixels: number,
): Promise<void> {
  const { values } = parseCommand(args, {
    reference: { type: "string" },
    mask: { type: "string" },
    frame: { type: "string" },
    segment: { type: "string" },
    image: { type: "string", multiple: true },
    recipe: { type: "string", default: "medical" },
    montage: { type: "string" },
    explain: { type: "boolean", default: false },
    receipt: { type: "boolean", default: false },
    label: { type: "string", default: "target" },
    category: { type: "string" },
    property: { type: "string" },
    region: { type: "string" },
    out: { type: "string" },
  }, SEGMENT_USAGE);
  const { reference, mask, image: paths, out } = values;
  if (!reference || !mask || !paths || !out) {
    throw misuse(
      "--reference, --mask, --image and --out are all needed",
      SEGMENT_USAGE,
    );
  }
  const recipe = recipeNamed(values.recipe, SEGMENT_USAGE);
  const frame = wholeNumber("--frame", values.frame, SEGMENT_USAGE);
  const segment = wholeNumber("--segment", values.segment, SEGMENT_USAGE);
  const described = {
    label: values.label!,
    category: codeOf("--category", values.category) ?? TISSUE,
    property: codeOf("--property", values.property) ?? TISSUE,
    region: codeOf("--region", values.region),
  };
  const annotated = { bytes: await readNamed(reference), frame };
  const annotation = { bytes: await readNamed(mask) };
  await requirePaths(paths);

  const model = await openModel();
  const { engine } = model;
  const images = await openImages(paths, engine);
  const { profile, report } = await enrol(
    engine,
    { path: reference, file: annotated },
    { path: mask, file: annotation, segment },
  );
  console.log(
    `${reference}: the reference is ${report.verdict}, Dice ${
      report.dice.mean.toFixed(2)
    } on itself and its copies. ${report.advice}`,
  );
  await Deno.mkdir(out, { recursive: true });

  const segmenting: Segmenting = {
    model,
    profile,
    label: described.label,
    recipe,
    maxPixels,
    out,
    explain: values.explain!,
    receipt: values.receipt!,
  };
  const progress = createProgress(images.length);
  const montage = values.montage ? createMontage(images.length) : null;
  const failures: Error[] = [];
  const masks: FrameMask[] = [];
  for (const image of images) {
    try {
      const { said, picture, mask } = await naming(
        image.path,
        () => segmentImage(image, segmenting),
      );
      montage?.add(picture);
      if (image.source !== null) masks.push({ ...image.source, mask });
      progress.say(said);
    } catch (error) {
      failures.push(error as Error);
      montage?.add(null);
      if (images.length > 1) progress.warn((error as Error).message);
    }
    progress.step();
  }
  progress.end();
  const files = await writeOwnFormats(
    masks,
    { ...described, model: model.digest },
    out,
    (line) => progress.warn(line),
  );
  for (const file of files) console.log(`Segmentation: ${file}`);
  if (montage !== null) {
    await Deno.writeFile(values.montage!, encodePng(montage.picture()));
    console.log(`Montage: ${values.montage}`);
  }
  if (images.length === 1 && failures.length > 0) throw failures[0];
  if (failures.length > 0) {
    throw invalidInput(
      `${failures.length} of ${images.length} images could not be used.`,
    );
  }
}

interface Segmenting {
  model: OpenModel;
  profile: Bytes;
  label: string;
  recipe: RecipeName;
  maxPixels: number;
  /** The folder for the results. */
  out: string;
  /** Whether a picture of every candidate is wanted. */
  explain: boolean;
  /** Whether a receipt is. */
  receipt: boolean;
}

/** Writes an image's mask, overlay and what else was asked for; gives a line about it, and the overlay. */
async function segmentImage(
  image: NamedImage,
  { model, profile, label, recipe, maxPixels, out, explain, receipt }:
    Segmenting,
): Promise<{ said: string; picture: Raster; mask: Rle }> {
  const file = await image.read();
  const { engine } = model;
  const embedding = await engine.embed(file);
  const answer = await engine.segment(embedding.bytes, [profile], {
    png: true,
    recipe: RECIPES[recipe],
    trace: explain,
  });
  const { bytes, mediaType, frame } = file;
  const raster = await decodeImage(bytes, { maxPixels }, mediaType, frame);
  const picture = drawOverlay(
    raster,
    decodeRle(answer.mask),
    answer.winner.points,
  );
  const target = join(out, image.target);
  await Deno.writeFile(`${target}_mask.png`, answer.png!);
  await Deno.writeFile(`${target}_overlay.png`, encodePng(picture));
  if (receipt) {
    const written = await writeReceipt(
      await provenanceOf({
        model,
        source: image.frameOf ?? { bytes: bytes as Bytes, frame },
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
  const { parts, negatives, distance } = answer.winner;
  const { present, reason, confidence } = answer.presence;
  const trusted = confidence === null
    ? ""
    : `, confidence ${confidence.toFixed(2)}`;
  const found = present
    ? `${answer.mask.area} pixels`
    : `not found in this image (${reason})`;
  const said = `${target}_mask.png: ${found}, parts ${parts}, ` +
    `negatives ${negatives}, distance ${distance.toFixed(3)}${trusted}`;
  return { said, picture, mask: answer.mask };
}

function codeOf(option: string, text: string | undefined): Code | undefined {
  if (text === undefined) return undefined;
  const code = parseCode(text);
  if (code !== null) return code;
  throw misuse(
    `${option} is ${text}, wanted value:scheme:meaning, as 10200004:SCT:Liver`,
    SEGMENT_USAGE,
  );
}
