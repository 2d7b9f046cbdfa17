import { join } from "node:path";
import type { Engine, InputFile } from "../engine/engine.ts";
import { invalidInput } from "../errors.ts";
import { type Code, parseCode, TISSUE } from "../format/dicom_seg.ts";
import { readProfile } from "../format/profile_file.ts";
import { decodeRle, type Rle } from "../format/rle.ts";
import { decodeImage } from "../image/decode.ts";
import { encodePng } from "../image/encode_png.ts";
import { drawOverlay } from "../image/overlay.ts";
import type { Raster } from "../image/raster.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Bytes } from "../store/types.ts";
import {
  misuse,
  naming,
  parseCommand,
  readNamed,
  recipeNamed,
} from "./arguments.ts";
import { drawExplanation } from "./explanation.ts";
import { type NamedImage, openImages, requirePaths } from "./images.ts";
import { createMontage } from "./montage.ts";
import { type FrameMask, writeOwnFormats } from "./own_formats.ts";
import { createProgress } from "./progress.ts";

export const SEGMENT_USAGE =
  "deno task segment --reference a.png --mask a_mask.png [--frame n] [--segment n] " +
  "--image b.png|folder|series.zip|volume.nii.gz|frames.dcm [--image …] " +
  "[--recipe medical|natural] [--montage all.png] [--explain] [--label name] " +
  "[--category code] [--property code] [--region code] --out folder";

/**
 * Enrols one annotated image, or a frame of a volume and the same of its mask, and writes the mask and an
 * overlay of every other image, and of DICOM series and NIfTI volumes their segmentation. An image that cannot be used is told and left out; the others go on.
 */
export async function segmentFiles(
  args: string[],
  openEngine: () => Promise<Engine>,
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
  const frame = wholeNumber("--frame", values.frame);
  const segment = wholeNumber("--segment", values.segment);
  const described = {
    label: values.label!,
    category: codeOf("--category", values.category) ?? TISSUE,
    property: codeOf("--property", values.property) ?? TISSUE,
    region: codeOf("--region", values.region),
  };
  const annotated = { bytes: await readNamed(reference), frame };
  const annotation = { bytes: await readNamed(mask) };
  await requirePaths(paths);

  const engine = await openEngine();
  const images = await openImages(paths, engine);
  const { bytes: profile, model } = await enrol(
    engine,
    { path: reference, file: annotated },
    { path: mask, file: annotation, segment },
  );
  await Deno.mkdir(out, { recursive: true });

  const segmenting: Segmenting = {
    engine,
    profile,
    recipe,
    maxPixels,
    out,
    explain: values.explain!,
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
    { ...described, model },
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
  engine: Engine;
  profile: Bytes;
  recipe: Recipe;
  maxPixels: number;
  /** The folder for the results. */
  out: string;
  /** Whether a picture of every candidate is wanted. */
  explain: boolean;
}

/** Writes an image's mask, overlay and what else was asked for; gives a line about it, and the overlay. */
async function segmentImage(
  image: NamedImage,
  { engine, profile, recipe, maxPixels, out, explain }: Segmenting,
): Promise<{ said: string; picture: Raster; mask: Rle }> {
  const file = await image.read();
  const embedding = await engine.embed(file);
  const answer = await engine.segment(embedding.bytes, [profile], {
    png: true,
    recipe,
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
  if (explain) {
    const drawn = drawExplanation(raster, answer, ["the reference"]);
    await Deno.writeFile(`${target}_explain.png`, encodePng(drawn));
  }
  const { parts, negatives, distance } = answer.winner;
  const said =
    `${target}_mask.png: ${answer.mask.area} pixels, parts ${parts}, ` +
    `negatives ${negatives}, distance ${distance.toFixed(3)}`;
  return { said, picture, mask: answer.mask };
}

/** Makes the profile; an error names the file at fault. */
async function enrol(
  engine: Engine,
  image: { path: string; file: InputFile },
  mask: { path: string; file: InputFile; segment?: number },
): Promise<{ bytes: Bytes; model: string }> {
  const embedding = await naming(image.path, () => engine.embed(image.file));
  const { file, segment } = mask;
  const annotation = { file, image: image.file, segment };
  const { bytes } = await naming(
    mask.path,
    () => engine.enrol(embedding.bytes, annotation),
  );
  return { bytes, model: readProfile(bytes).model };
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

function wholeNumber(
  option: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw misuse(`${option} is ${text}, wanted a whole number`, SEGMENT_USAGE);
}
