import { invalidInput } from "../core/errors.ts";
import { Receipt, requireUnchanged } from "../receipt/receipt.ts";
import { replay } from "../receipt/replay.ts";
import { misuse, parseCommand, readNamed, wholeNumber } from "./arguments.ts";
import type { OpenModel } from "./open_model.ts";
import { enrol } from "./enrol_file.ts";

export const REPLAY_USAGE =
  "deno task replay --receipt b_receipt.json --reference a.png --mask a_mask.png [--frame n] [--segment n] " +
  "--image b.png";

/**
 * Makes a mask again from its receipt, the annotated image and the image, and says whether it is the
 * identical one. The frame of the image, the recipe and the rest are the receipt's.
 */
export async function replayFiles(
  args: string[],
  openModel: () => Promise<OpenModel>,
): Promise<void> {
  const { values } = parseCommand(args, {
    receipt: { type: "string" },
    reference: { type: "string" },
    mask: { type: "string" },
    frame: { type: "string" },
    segment: { type: "string" },
    image: { type: "string" },
  }, REPLAY_USAGE);
  const { receipt: path, reference, mask, image } = values;
  if (!path || !reference || !mask || !image) {
    throw misuse(
      "--receipt, --reference, --mask and --image are all needed",
      REPLAY_USAGE,
    );
  }
  const frame = wholeNumber("--frame", values.frame, REPLAY_USAGE);
  const segment = wholeNumber("--segment", values.segment, REPLAY_USAGE);
  const receipt = await readReceipt(path);
  const { references } = receipt.profile;
  if (references.length > 1) {
    throw invalidInput(
      `Cannot replay ${path}: it used ${references.length} references, and the command line takes one; ` +
        "send it to the server that has them.",
    );
  }
  const annotated = { bytes: await readNamed(reference), frame };
  const annotation = { bytes: await readNamed(mask) };
  const input = { bytes: await readNamed(image) };

  const model = await openModel();
  const { profile } = await enrol(
    model.engine,
    { path: reference, file: annotated },
    { path: mask, file: annotation, segment },
  );
  const { mask: { area }, notes } = await replay(receipt, {
    models: [model],
    profiles: [profile],
    input,
    environment: model.environment,
  });
  console.log(`identical: ${area} pixels`);
  for (const { message } of notes) console.log(`note: ${message}`);
}

async function readReceipt(path: string): Promise<Receipt> {
  const bytes = await readNamed(path);
  const wrong = (why: string) => invalidInput(`Cannot read ${path}: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw wrong("it is not JSON.");
  }
  const parsed = Receipt.safeParse(value);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw wrong(`at ${path.join(".") || "its root"}: ${message}.`);
  }
  await requireUnchanged(parsed.data);
  return parsed.data;
}
