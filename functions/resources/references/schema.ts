import { z } from "@hono/zod-openapi";
import { VERDICTS } from "../../../lib/pipeline/self_tests.ts";

const share = z.number().min(0).max(1);

/** How far a reference finds itself again. */
export const EnrolmentReportDocument = z.object({
  verdict: z.enum(VERDICTS).openapi({
    description:
      "`weak` and `unusable` references are enrolled too; the advice says what to do about them",
  }),
  advice: z.string(),
  selfDice: share.openapi({
    description: "Dice of the reference segmented by its own profile",
  }),
  copies: z.array(
    z.object({ name: z.string(), dice: share }).openapi("CopyTrial"),
  ).openapi({ description: "The same of varied copies of it" }),
  skipped: z.string().nullable().openapi({
    description: "Why copies are missing; null when all were tried",
  }),
  dice: z.object({ mean: share, worst: share }).openapi("DiceSpread", {
    description: "Over the reference and its copies",
  }),
  parts: z.object({
    best: z.int(),
    dice: z.array(
      z.object({ parts: z.int(), dice: share }).openapi("PartsTrial"),
    ),
  }).openapi("PartsReport", {
    description: "Mean Dice of every part count over the same",
  }),
  distance: z.object({
    least: z.number(),
    mean: z.number(),
    most: z.number(),
  }).nullable().openapi({
    description:
      "Earth mover's distances over the same; null where one of them was found empty",
  }),
}).openapi("EnrolmentReport");

/** A report of the examples. */
export const REPORT = {
  verdict: "good" as const,
  advice:
    "The structure is found again in this image and in varied copies of it.",
  selfDice: 0.96,
  copies: [{ name: "brighter", dice: 0.95 }, { name: "noisy", dice: 0.93 }],
  skipped: null,
  dice: { mean: 0.947, worst: 0.93 },
  parts: { best: 1, dice: [{ parts: 1, dice: 0.947 }] },
  distance: { least: 9.1, mean: 12.4, most: 16.2 },
};

/** What an answer says of whether the structure is there, and of itself. */
export const presenceFields = {
  present: z.boolean().openapi({
    description:
      "Whether the structure is in the image; where it is not, the mask is empty",
  }),
  reason: z.string().nullable().openapi({
    description: "Why it is not, in plain words; null when it is present",
  }),
  confidence: share.nullable().openapi({
    description:
      "Ranks answers by how well their masks fit; null for references that were enrolled before it was known",
  }),
  presence: z.object({
    score: share.nullable().openapi({
      description: "From `threshold` on the structure is called present",
    }),
    threshold: share,
    structure: z.number().nullable().openapi({
      description:
        "Similarity of what was found to the annotated structure: 1 as in copies of the reference, 0 as its own surroundings",
    }),
    surroundings: z.number().nullable().openapi({
      description:
        "Similarity of the image to the reference's surroundings: 1 as in copies of it, 0 as their mean alone",
    }),
  }).openapi("Presence"),
};

/** Presence of the examples. */
export const PRESENCE = {
  present: true,
  reason: null,
  confidence: 0.83,
  presence: {
    score: 0.74,
    threshold: 0.125,
    structure: 0.61,
    surroundings: 0.87,
  },
};
