import { z } from "@hono/zod-openapi";
import { StoredDocument } from "../../contract/archive.ts";
import { MODEL, ModelName } from "../../contract/answers.ts";
import {
  ImageQuery,
  Label,
  LabelOrTarget,
  Position,
  Recipe,
  RevisionNumber,
  segmentCodes,
} from "../../contract/parameters.ts";
import { MASK, MaskBody, maskFields } from "../../contract/masks.ts";
import { ProblemDocument } from "../../contract/problems.ts";
import { Warnings } from "../../contract/warnings.ts";
import { candidateFields, POINTS } from "../../contract/points.ts";
import { CHOICES } from "../../patients/choose_references.ts";
import { RECEIPT, ReceiptDocument } from "../receipts.ts";

const fraction = z.number().min(0).max(1);

/** A query parameter that is on or off, as clients write it: `true`, `1`, `False`. */
const flag = (description: string) =>
  z.string().toLowerCase().pipe(z.enum(["true", "false", "1", "0"]))
    .default("false")
    .transform((text) => text === "true" || text === "1")
    .openapi({
      type: "boolean",
      // Left out of the document, where the type says the same.
      enum: undefined as never,
      default: false,
      description,
    });

/** What is segmented, and how it is answered. */
export const segmentOptions = {
  label: LabelOrTarget,
  explain: flag(
    "Whether every candidate is reported, its mask after every pass, and why the winner won",
  ),
  recipe: Recipe,
};

/** Whether the result is stored in the image archive. */
export const Store = flag(
  "Of images of the archive: whether the result is stored beside them, as the DICOM object that `Accept` names, " +
    "else as a segmentation. That of a structure that is absent is not stored",
);

/** Stands for every label of a patient; no label has this name. */
export const ALL_LABELS = "*";

export const SegmentQuery = ImageQuery.extend({
  ...segmentOptions,
  store: Store,
  label: z.literal(ALL_LABELS).or(Label).default("target").openapi({
    type: "string",
    default: "target",
    description: "Name of the structure, or * for every structure enrolled",
  }),
  references: z.enum(CHOICES).default("pooled").describe(
    "Which references are used: `pooled`, all together; `nearest`, each for itself, and the smallest distance " +
      "wins; `position`, those nearest to `position`; `latest`, the one enrolled last",
  ),
  position: Position.optional().openapi({
    type: "number",
    description: "Where the image lies along its volume, 0 to 1",
  }),
  revision: RevisionNumber.optional().openapi({
    type: "integer",
    description: "Of the label's references; the newest where left out",
  }),
  ...segmentCodes,
});

const CandidateDocument = z.object({
  ...candidateFields,
  reference: z.string(),
  distance: z.number().nullable().describe(
    "Computed for every candidate, none ruled out by a bound; null for an empty mask. Dense matching chooses by " +
      "`predictedIou` instead",
  ),
  predictedIou: z.number(),
  passes: z.array(
    z.object({
      mask: z.object(maskFields).openapi("PassMask"),
      predictedIou: z.number(),
    }).openapi("Pass"),
  ).describe(
    "After only the points; after adding the mask before; after adding its box",
  ),
}).openapi("Candidate");

/** Whether the structure is there, and how sure that is. */
const presenceFields = {
  present: z.boolean().describe(
    "Whether the structure is in the image; where it is not, the mask is empty",
  ),
  reason: z.string().nullable().describe(
    "Why it is not, in plain words; null when it is present",
  ),
  confidence: fraction.nullable().describe(
    "Ranks answers by how well their masks fit; by dense matching an estimate of the probability that Dice ≥ 0.7. Null for profiles " +
      "enrolled before presence scoring",
  ),
  presence: z.object({
    score: fraction.nullable().describe(
      "The structure is called present where this is at least `threshold`",
    ),
    threshold: fraction,
    structure: z.number().nullable().describe(
      "Similarity of what was found to the annotated structure: 1 as in augmentations of the reference, " +
        "0 as its own surroundings",
    ),
    surroundings: z.number().nullable().describe(
      "Similarity of the image to the reference's surroundings: 1 as in augmentations of it, 0 as only their mean",
    ),
  }).openapi("Presence"),
};

/** Which references an answer was made with. */
const ProfileUsed = z.object({
  revision: z.int().min(1).describe("Of the label"),
  choice: z.enum(CHOICES),
  references: z.array(z.string()),
  why: z.string(),
}).openapi("ProfileUsed");

export const SEGMENTATION = {
  patient: "p-17",
  label: "target",
  present: true,
  reason: null,
  confidence: 0.83,
  presence: {
    score: 0.74,
    threshold: 0.125,
    structure: 0.61,
    surroundings: 0.87,
  },
  mask: MASK,
  reference: "visit-1",
  parts: 1,
  negatives: 1,
  points: POINTS,
  distance: 21.5337368154352,
  predictedIou: 0.9173192381858826,
  profile: {
    revision: 1,
    choice: "pooled" as const,
    references: ["visit-1"],
    why: "It is the only one.",
  },
  warnings: [],
  model: MODEL,
  timings: {
    encode: 450.8,
    prompt: 127.1,
    decode: 1123.1,
    retrieve: 26.1,
    judge: 6.2,
  },
  receipt: RECEIPT,
};

export const SegmentationDocument = z.object({
  patient: z.string(),
  label: z.string(),
  ...presenceFields,
  mask: MaskBody,
  reference: z.string().describe(
    "The one whose prototypes won; * where they are those of all together",
  ),
  ...candidateFields,
  distance: z.number().nullable().describe(
    "Earth mover's distance to the annotated patches, of pooled references one that they have in common; " +
      "null for an empty mask",
  ),
  predictedIou: z.number(),
  candidates: z.array(CandidateDocument).optional().describe(
    "Only with `explain`",
  ),
  why: z.string().optional().openapi({
    description: "Only with `explain`: why the winner won, in plain words",
    example:
      "n = 1 has the smallest distance, 19.7; the next, n = 2, 21.3. One candidate found nothing.",
  }),
  match: z.object({
    columns: z.int(),
    rows: z.int(),
    evidence: z.array(z.number()).describe(
      "Of every patch, row by row: 1 is surely inside the structure, −1 surely outside, by all patches of the references",
    ),
  }).openapi("Match").optional().describe(
    "Only with `explain`, of dense matching",
  ),
  profile: ProfileUsed,
  warnings: Warnings,
  stored: StoredDocument.optional(),
  model: ModelName,
  timings: z.object({
    encode: z.number(),
    prompt: z.number(),
    decode: z.number(),
    retrieve: z.number(),
    judge: z.number(),
  }).openapi("Timings", { description: "Milliseconds" }),
  receipt: ReceiptDocument,
}).openapi("Segmentation", { example: SEGMENTATION });

/** The answer for every label of a patient. */
export const SegmentedLabelsDocument = z.object({
  patient: z.string(),
  labels: z.array(
    z.object({
      label: z.string(),
      segmentation: SegmentationDocument.optional(),
      problem: ProblemDocument.optional(),
    }).openapi("SegmentedLabel"),
  ).describe("Either `segmentation` or `problem`, by label"),
}).openapi("SegmentedLabels");
