import { invalidInput } from "../core/errors.ts";
import { readInputFile } from "../core/files.ts";
import { readImageFile } from "../image/read_image_file.ts";
import { Receipt, requireUnchanged } from "../receipt/receipt.ts";
import { replay } from "../receipt/replay.ts";
import { createCommand } from "./command_line.ts";
import {
  enrolReference,
  frameOption,
  readReference,
  segmentOption,
} from "./enrol_reference.ts";
import type { OpenModel } from "./open_model.ts";

/** `deno task replay`. The frame of the image, the recipe and the rest are the receipt's. */
export function replayCommand(openModel: () => Promise<OpenModel>) {
  return createCommand(
    "deno task replay",
    "Makes a mask again from its receipt, the annotated image and the image, and says whether it is identical.",
  )
    .optionsGroup("Required:")
    .requiredOption("--receipt <file>", "receipt that the mask came with")
    .requiredOption("--reference <file>", "annotated image that was enrolled")
    .requiredOption("--mask <file>", "annotation of the reference")
    .requiredOption("--image <file>", "image that was segmented")
    .optionsGroup("Options:")
    .addOption(frameOption())
    .addOption(segmentOption())
    .action(async ({ receipt: path, image, ...options }) => {
      const receipt = await readReceipt(path);
      const { references } = receipt.profile;
      if (references.length > 1) {
        throw invalidInput(
          `Cannot replay ${path}: it used ${references.length} references, and the command line takes one; ` +
            "send it to the server that has them.",
        );
      }
      const files = await readReference(options);
      const input = { bytes: await readImageFile(image) };

      const model = await openModel();
      const { profile } = await enrolReference(model.engine, files);
      const { mask: { area }, notes } = await replay(receipt, {
        models: [model],
        profiles: [profile],
        input,
        environment: model.environment,
      });
      console.log(`identical: ${area} pixels`);
      for (const { message } of notes) console.log(`note: ${message}`);
    });
}

async function readReceipt(path: string): Promise<Receipt> {
  const bytes = await readInputFile(path);
  const wrong = (why: string) => invalidInput(`Cannot read ${path}: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw wrong("it is not JSON.");
  }
  const parsed = Receipt.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(
      `at ${issue?.path.join(".") || "its root"}: ${issue?.message}.`,
    );
  }
  await requireUnchanged(parsed.data);
  return parsed.data;
}
