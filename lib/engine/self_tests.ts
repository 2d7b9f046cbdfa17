import { EdgeError, type ErrorCode } from "../core/errors.ts";
import { AUGMENTATION_NAMES } from "../image/augment.ts";
import { type EnrolmentReport, reportOf } from "../pipeline/self_tests.ts";
import type { Bytes } from "../core/bytes.ts";
import type {
  Engine,
  InputFile,
  ProfileFile,
  SelfTestAnswer,
} from "./engine.ts";

/** Of a copy, errors that say nothing of the reference: no worker or no host was free. */
const PASSING: ErrorCode[] = ["busy", "encode-unavailable"];

/** What of a reference is examined. */
export interface Examined {
  embedding: Bytes;
  enrolled: ProfileFile;
  /** The image, when it is at hand; a reference of an embedding alone has no copies. */
  image?: InputFile;
}

export interface ExamineOptions {
  /** Milliseconds after which no further copy is begun. */
  budget: number;
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

/**
 * Segments a reference and varied copies of it by its own profile. Each step is an operation of its own, so that other
 * work comes between; a copy is encoded where images are, on encode hosts where there are any. Copies that take too
 * long, or that no host takes, are left out, and the report says so; the reference is enrolled all the same.
 *
 * @returns the profile with the calibration range that its copies gave, and the report.
 */
export async function examine(
  engine: Engine,
  { embedding, enrolled, image }: Examined,
  { budget, now = () => performance.now() }: ExamineOptions,
): Promise<{ profile: Bytes; report: EnrolmentReport }> {
  const { bytes, mask, patches } = enrolled;
  const self = await engine.trial(embedding, bytes, mask);
  const copies: { name: string; trial: SelfTestAnswer }[] = [];
  let skipped = image === undefined
    ? "Varied copies were not tried: they need the image, and only its embedding was sent."
    : null;
  const started = now();
  for (const name of image === undefined ? [] : AUGMENTATION_NAMES) {
    const spent = now() - started;
    // The next is expected to take as long as those before.
    const ahead = spent / Math.max(1, copies.length);
    if (spent + ahead > budget) {
      skipped =
        `${copies.length} of ${AUGMENTATION_NAMES.length} varied copies were tried; the others would have taken too long.`;
      break;
    }
    try {
      const copy = await engine.copy(image!, mask, name);
      const made = await engine.embed({ bytes: copy.image });
      const trial = await engine.trial(made.bytes, bytes, copy.mask);
      copies.push({ name, trial });
    } catch (error) {
      const passing = error instanceof EdgeError &&
        PASSING.includes(error.code);
      if (!passing) throw error;
      skipped =
        `${copies.length} of ${AUGMENTATION_NAMES.length} varied copies were tried; then the service was too busy.`;
      break;
    }
  }
  const similarities = copies.flatMap(({ trial }) => trial.similarity ?? []);
  const report = reportOf(self, copies, skipped, patches);
  const profile = await engine.conclude(bytes, similarities, report.dice.mean);
  return { profile, report };
}
