import { hasControlCharacter } from "../../../lib/core/control_characters.ts";
import { z } from "@hono/zod-openapi";
import type { Reference } from "../../../lib/store/profiles/reference.ts";
import { MASK_KINDS } from "../../../lib/core/mask.ts";
import { VERDICTS } from "../../../lib/pipeline/self_tests.ts";
import { ImageSize } from "../../contract/answers.ts";
import type { EnrolledReference } from "../../patients/enrol_reference.ts";
import { BOX, list } from "../../contract/masks.ts";
import { Warnings } from "../../contract/warnings.ts";

const fraction = z.number().min(0).max(1);

/** How well a reference finds itself again. */
const EnrolmentReportDocument = z.object({
  verdict: z.enum(VERDICTS).describe(
    "`weak`, `ambiguous` and `unusable` references are enrolled too; the advice says what to do about them",
  ),
  advice: z.string(),
  selfDice: fraction.describe(
    "Dice of the reference segmented by its own profile",
  ),
  copies: z.array(
    z.object({ name: z.string(), dice: fraction }).openapi("CopyTrial"),
  ).describe("The same of augmentations of the reference"),
  skipped: z.string().nullable().describe(
    "Why augmentations are missing; null when all were tested",
  ),
  dice: z.object({ mean: fraction, worst: fraction }).openapi("DiceSpread", {
    description: "Over the reference and its augmentations",
  }),
  parts: z.object({
    best: z.int(),
    dice: z.array(
      z.object({ parts: z.int(), dice: fraction }).openapi("PartsTrial"),
    ),
  }).openapi("PartsReport", {
    description: "Mean Dice of every number of prototypes over the same",
  }),
  distance: z.object({
    least: z.number(),
    mean: z.number(),
    most: z.number(),
  }).nullable().describe(
    "Earth mover's distances over the same; null where one of the masks was empty",
  ),
  lookAlike: z.object({
    box: z.tuple([z.int(), z.int(), z.int(), z.int()]).openapi(
      list("integer", 4, BOX),
    ),
    distance: z.number(),
    asGood: z.boolean().describe(
      "Whether it is as near to the structure as the structure's own augmentations are; then the verdict is `ambiguous`",
    ),
  }).openapi("LookAlike").nullable().optional().describe(
    "What else in the image looks most like the structure; null where nothing does, absent from older references",
  ),
}).openapi("EnrolmentReport");

const REPORT = {
  verdict: "good" as const,
  advice:
    "The structure is found again in this image and in augmentations of it.",
  selfDice: 0.96,
  copies: [{ name: "brighter", dice: 0.95 }, { name: "noisy", dice: 0.93 }],
  skipped: null,
  dice: { mean: 0.947, worst: 0.93 },
  parts: { best: 1, dice: [{ parts: 1, dice: 0.947 }] },
  distance: { least: 9.1, mean: 12.4, most: 16.2 },
  lookAlike: {
    box: [81, 113, 146, 166] as [number, number, number, number],
    distance: 61.7,
    asGood: false,
  },
};

/** Text of the caller's that is kept and given back unchanged, and never logged. */
const opaque = z.string().min(1).max(256).refine(
  (text) => !hasControlCharacter(text),
  "must have no control characters",
).nullable().default(null);

export const Accepted = z.strictObject({ by: opaque, at: opaque })
  .openapi("Accepted", {
    description:
      "Who accepted the result, and when, in the caller's own words; kept and given back unchanged",
    example: { by: "reader-7", at: "2026-11-25T09:44:35Z" },
  });

export const DriftDocument = z.object({
  value: z.number().describe(
    "Distance to the first reference divided by the expected one; about 1 where nothing moved",
  ),
  warning: z.string().nullable(),
}).openapi("Drift", { example: { value: 0.9, warning: null } });

/** How an annotation was read, in an answer. */
export const MaskReadingDocument = z.object({
  kind: z.enum(MASK_KINDS).describe(
    "`binary`: one value; `label`: one of a label map; `soft`: degrees, cut at `threshold`; `alpha`: the opaque " +
      "part; `segment` and `contours`: of a DICOM segmentation or RTSTRUCT",
  ),
  value: z.number().nullable().describe(
    "The label, segment or region of interest; null where the file holds one structure",
  ),
  threshold: z.number().nullable().describe(
    "Values from this on are inside; null where nothing was cut",
  ),
  pixels: z.int().describe("Of the structure"),
  share: fraction.describe("Of the image"),
}).openapi("MaskReading", { description: "How the annotation was read" });

export const REFERENCE = {
  patient: "p-17",
  reference: "visit-1",
  label: "target",
  position: null,
  model: "93".repeat(32),
  modelId: "nano",
  image: { width: 384, height: 384 },
  patches: 47,
  mask: {
    kind: "label" as const,
    value: 2,
    threshold: null,
    pixels: 12031,
    share: 0.0816,
  },
  report: REPORT,
  createdAt: "2026-11-24T09:44:35.362Z",
};

export const ReferenceDocument = z.object({
  patient: z.string(),
  reference: z.string(),
  label: z.string(),
  position: z.number().nullable().describe("Position along a volume, 0 to 1"),
  model: z.string().describe("Digest of the model"),
  modelId: z.string().optional().describe(
    "Id of the model; absent from references enrolled before it was kept",
  ),
  image: ImageSize,
  patches: z.int().describe("Annotated patches"),
  mask: MaskReadingDocument.optional().describe(
    "Absent from references enrolled before this was kept",
  ),
  annotationKept: z.literal(true).optional().describe(
    "Stated where its mask is kept, so that another model can enrol it from just its image file",
  ),
  // `nullable` would make the component itself nullable, which generators of clients lose.
  report: z.union([EnrolmentReportDocument, z.null()]).describe(
    "How well the reference finds itself again; null for references enrolled before self-tests",
  ),
  createdAt: z.iso.datetime(),
  accepted: Accepted.optional().describe("Only of an accepted result"),
  drift: DriftDocument.optional().describe("Only of an accepted result"),
}).openapi("Reference", { example: REFERENCE });

/** The number of a label's revision, in an answer. */
export const revision = z.int().min(1).describe(
  "Of the label, counting up from 1 with every change",
);

export const EnrolledDocument = ReferenceDocument.extend({
  revision,
  warnings: Warnings,
}).openapi("EnrolledReference");

/** A reference as the contract gives it. */
export function describeReference(
  { subject: _, ...reference }: Reference,
): z.infer<typeof ReferenceDocument> {
  return { ...reference, report: reference.report ?? null };
}

/** What an enrolment answers. */
export function describeEnrolled(
  { record, revision, warnings }: EnrolledReference,
): z.infer<typeof EnrolledDocument> {
  return { ...describeReference(record), revision, warnings };
}
