import type { Mask } from "../core/mask.ts";
import type { Raster } from "../core/raster.ts";
import { hasColourOf } from "../image/appearance.ts";
import { AUGMENTATION_NAMES } from "../image/augment.ts";
import { resizeNearest } from "../image/resize.ts";
import { calibrate } from "../pipeline/calibration_range.ts";
import { findLookAlike, type LookAlike } from "../pipeline/look_alike.ts";
import type { Profile } from "../pipeline/profile.ts";
import {
  type EnrolmentReport,
  type SelfTest,
  selfTest,
  summarise,
} from "../pipeline/self_tests.ts";
import { Target } from "../pipeline/target.ts";
import type { Embedding } from "../pipeline/types.ts";
import { advise, SKIPPED } from "../wording/enrolment.ts";

/** An augmentation of a reference, made when it is asked for. */
export interface Augmentation {
  name: string;
  make(): Promise<{ embedding: Embedding; mask: Mask }>;
}

export interface SelfTestOptions {
  /** Milliseconds after which no further augmentation is begun. */
  budget: number;
  /** Why some augmentations are missing already; null where none is. */
  skipped: string | null;
  /** The reference's image and its annotation, of one size; without them no look-alike is searched. */
  annotated?: { image: Raster; mask: Mask } | undefined;
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

/**
 * Segments a reference and its augmentations by its own profile. Augmentations that would take too long are left out,
 * and the report says so; the reference is enrolled all the same.
 *
 * @returns the profile with the calibration range of its augmentations, and the report.
 */
export async function runSelfTests(
  target: Target,
  profile: Profile,
  annotation: Mask,
  augmentations: Augmentation[],
  { budget, skipped, annotated, now = () => performance.now() }:
    SelfTestOptions,
): Promise<{ profile: Profile; report: EnrolmentReport }> {
  const self = await selfTest(target, profile, annotation);
  const tests: { name: string; test: SelfTest }[] = [];
  const started = now();
  for (const { name, make } of augmentations) {
    const spent = now() - started;
    // The next is expected to take as long as those before.
    const ahead = spent / Math.max(1, tests.length);
    if (spent + ahead > budget) {
      skipped = SKIPPED.outOfTime(tests.length, AUGMENTATION_NAMES.length);
      break;
    }
    const { embedding, mask } = await make();
    const augmented = new Target(embedding, target.decoder, target.model);
    const test = await selfTest(augmented, profile, mask);
    tests.push({ name, test });
  }
  const lookAlike = annotated === undefined
    ? null
    : await lookAlikeOf(target, profile, annotated);
  const summary = summarise(self, tests, lookAlike);
  const patches = profile.patches.length / profile.channels;
  const { calibrationRange: range } = profile;
  const similarities = tests.flatMap(({ test }) => test.similarity ?? []);
  const calibrationRange = range &&
    calibrate(range, similarities, summary.dice.mean);
  const { verdict, selfDice, copies, ...spreads } = summary;
  const advice = advise(summary, patches);
  // In the order in which reports have always been written.
  const report = { verdict, advice, selfDice, copies, skipped, ...spreads };
  return { profile: { ...profile, calibrationRange }, report };
}

/** What else in the reference's image looks like its structure, in colour too; null where nothing does. */
async function lookAlikeOf(
  target: Target,
  profile: Profile,
  { image, mask }: { image: Raster; mask: Mask },
): Promise<LookAlike | null> {
  const found = await findLookAlike(target, profile);
  if (found === null) return null;
  const whole = target.toMask(found.logits);
  const other = resizeNearest(whole, image.width, image.height);
  const isEmpty = !other.data.includes(255);
  return isEmpty || !hasColourOf(image, other, mask) ? null : found;
}
