import { GOOD, type SelfTestSummary } from "../pipeline/self_tests.ts";

/** Annotated patches below which a structure is called small. */
const SMALL = 6;

/** What a failed augmentation says about the reference. */
const WEAKNESSES: Record<string, string> = {
  brighter: "when the image is brighter",
  smaller: "when it is smaller",
  moved: "when it has moved",
  noisy: "when the image is noisier",
};

/**
 * What to do about a reference.
 *
 * @param patches annotated patches.
 */
export function advise(
  { verdict, selfDice, copies }: SelfTestSummary,
  patches: number,
): string {
  if (verdict === "good") {
    return copies.length > 0
      ? "The structure is found again in this image and in augmentations of it."
      : "The structure is found again in this image.";
  }
  const small = patches < SMALL
    ? " The structure is very small in it: a closer crop helps."
    : "";
  if (verdict === "unusable") {
    return "The structure is not found again even in this image. Check that the outline follows its visible " +
      `border, or annotate an image where it stands out from its surroundings.${small}`;
  }
  if (verdict === "ambiguous") {
    return "Another place in this image looks as much like the structure as what is annotated, as the other one of two " +
      "paired organs does, so later answers may show either. Check that the right one is annotated; then send later " +
      `images cropped to its side, or check every answer.${small}`;
  }
  if (selfDice < GOOD.mean) {
    return "Only part of the outline is found again in this image. Check the outline, or annotate another image " +
      `where the border is clearer; a second reference helps too.${small}`;
  }
  const lost = copies.filter(({ dice }) => dice < GOOD.mean);
  const when = lost.map(({ name }) => WEAKNESSES[name]).join(", or ");
  return `The structure is found again in this image, but less well ${when}. ` +
    `Add a reference that differs in this, or one where it stands out more.${small}`;
}

/** Why augmentations are missing from a report. */
export const SKIPPED = {
  noImage:
    "Augmentations were not tried: they need the image, and only its embedding was sent.",
  outOfTime: (tried: number, all: number) =>
    `${tried} of ${all} augmentations were tried; the others would have taken too long.`,
  busy: (tried: number, all: number) =>
    `${tried} of ${all} augmentations were tried; then the service was too busy.`,
};
