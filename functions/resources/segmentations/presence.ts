import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { PresenceAnswer } from "../../../lib/engine/engine.ts";
import { header } from "../../contract/answers.ts";

const fraction = z.number().min(0).max(1);

/** Whether the structure is there, and how sure that is. */
export const presenceFields = {
  present: z.boolean().describe(
    "Whether the structure is in the image; where it is not, the mask is empty",
  ),
  reason: z.string().nullable().describe(
    "Why it is not, in plain words; null when it is present",
  ),
  confidence: fraction.nullable().describe(
    "Ranks answers by how well their masks fit; null for profiles enrolled before presence scoring",
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
      "Similarity of the image to the reference's surroundings: 1 as in augmentations of it, 0 as their mean alone",
    ),
  }).openapi("Presence"),
};

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

/** A presence as the contract gives it. */
export function describePresence(
  { present, reason, confidence, score, threshold, relative }: PresenceAnswer,
) {
  return {
    present,
    reason,
    confidence,
    presence: {
      score,
      threshold,
      structure: relative?.structure ?? null,
      surroundings: relative?.surroundings ?? null,
    },
  };
}

/** The headers that state it where the answer is a file, for the OpenAPI document. */
export const presenceHeaders = {
  "x-structure-present": header(
    "Of an answer that is a file: false where the structure is not in the image and the mask is empty",
  ),
  "x-confidence": header("Of an answer that is a file: its confidence"),
};

/** States a presence in the headers of an answer that is a file. */
export function sendPresence(
  c: Context,
  { present, confidence }: PresenceAnswer,
): void {
  c.header("x-structure-present", String(present));
  if (confidence !== null) c.header("x-confidence", confidence.toFixed(4));
}
