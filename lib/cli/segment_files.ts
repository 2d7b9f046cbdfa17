import { invalidInput } from "../core/errors.ts";
import { usingFile } from "../core/files.ts";
import {
  parseCode,
  TISSUE,
} from "../dicom/segmentation/segment_description.ts";
import { DICOM_FORMS } from "../format/mask/dicom_masks.ts";
import { encodePng } from "../codecs/png/encode.ts";
import {
  collect,
  createCommand,
  Option,
  outputFolder,
  parsedBy,
  recipeOption,
} from "./command_line.ts";
import { openImages, requirePaths } from "./images.ts";
import { createMontage } from "./montage.ts";
import {
  enrolReference,
  frameOption,
  readReference,
  segmentOption,
} from "./enrol_reference.ts";
import { sayReading } from "../wording/mask_reading.ts";
import { type FrameMask, writeSourceFormats } from "./source_formats.ts";
import type { OpenModel } from "./open_model.ts";
import { createProgress } from "./progress.ts";
import { segmentImage } from "./segment_image.ts";

/** `deno task segment`. An image that cannot be used is reported and left out; the others go on. */
export function segmentCommand(openModel: () => Promise<OpenModel>) {
  return segmentOptions().action(async (options) => {
    const { image: paths, out } = options;
    const files = await readReference(options);
    await requirePaths(paths);

    const model = await openModel();
    const { engine } = model;
    const images = await openImages(paths, engine);
    const { profile, report, reading, warnings } = await enrolReference(
      engine,
      files,
    );
    for (const warning of warnings) console.error(warning);
    console.log(`${options.mask}: ${sayReading(reading)}`);
    const dice = report.dice.mean.toFixed(2);
    console.log(
      `${options.reference}: the reference is ${report.verdict}, Dice ${dice} on itself and its augmentations. ` +
        report.advice,
    );
    await Deno.mkdir(out, { recursive: true });

    const progress = createProgress(images.length);
    const montage = options.montage ? createMontage(images.length) : null;
    const failures: Error[] = [];
    const masks: FrameMask[] = [];
    for (const image of images) {
      try {
        const { line, warnings, overlay, mask } = await usingFile(
          image.path,
          () => segmentImage(image, model, profile, options),
        );
        montage?.add(overlay);
        if (image.source !== null) masks.push({ ...image.source, mask });
        progress.say(line);
        warnings.forEach(progress.warn);
      } catch (error) {
        failures.push(error as Error);
        montage?.add(null);
        if (images.length > 1) progress.warn((error as Error).message);
      }
      progress.step();
    }
    progress.end();
    const { label, category, property, region } = options;
    const segment = { label, category, property, ...(region && { region }) };
    const written = await writeSourceFormats(
      masks,
      { ...segment, model: model.digest },
      { out, form: options.format, warn: progress.warn },
    );
    for (const file of written) console.log(`Segmentation: ${file}`);
    if (montage !== null && options.montage !== undefined) {
      await Deno.writeFile(options.montage, encodePng(montage.picture));
      console.log(`Montage: ${options.montage}`);
    }
    if (images.length === 1 && failures.length > 0) throw failures[0];
    if (failures.length > 0) {
      throw invalidInput(
        `${failures.length} of ${images.length} images could not be used.`,
      );
    }
  });
}

function segmentOptions() {
  const code = parsedBy(
    parseCode,
    "value:scheme:meaning, as 10200004:SCT:Liver",
  );
  const tissue = `${TISSUE.value}:${TISSUE.scheme}:${TISSUE.meaning}`;
  const codeOption = <Flags extends string>(
    flags: Flags,
    description: string,
  ) => new Option(flags, description).argParser(code).default(TISSUE, tissue);
  return createCommand(
    "deno task segment",
    "Enrols one annotated image and segments others: writes a mask and an overlay of every image, " +
      "one DICOM segmentation or structure set of every DICOM series, and one NIfTI volume of masks of every volume.",
  )
    .optionsGroup("Required:")
    .requiredOption("--reference <file>", "annotated image")
    .requiredOption(
      "--mask <file>",
      "annotation of the reference: an image that is non-zero inside the structure",
    )
    .requiredOption(
      "--image <path>",
      "image to segment: a file, a folder, a zip archive, a DICOM image, a TIFF of many pages or a volume; may be repeated",
      collect,
    )
    .requiredOption("--out <folder>", "folder for the results", outputFolder)
    .optionsGroup("Options:")
    .addOption(frameOption())
    .addOption(segmentOption())
    .addOption(recipeOption())
    .addOption(
      new Option(
        "--format <form>",
        "object for the masks of a DICOM series: a segmentation (SEG) or a structure set of radiotherapy (RTSTRUCT)",
      ).choices(DICOM_FORMS).default(DICOM_FORMS[0]),
    )
    .option("--montage <file>", "PNG file for all overlays on one picture")
    .option("--explain", "draw the candidates that each result was chosen from")
    .option("--receipt", "write a receipt of each result, for deno task replay")
    .option(
      "--label <name>",
      "name of the structure, in receipts and DICOM files",
      "target",
    )
    .addOption(
      codeOption("--category <code>", "DICOM category of the structure"),
    )
    .addOption(codeOption("--property <code>", "DICOM type of the structure"))
    .option("--region <code>", "DICOM anatomic region of the structure", code);
}
