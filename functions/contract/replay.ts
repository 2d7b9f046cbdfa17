import { z } from "@hono/zod-openapi";
import {
  FaultDocument,
  MASK,
  MaskBody,
  PatientParams,
} from "../resources/segmentations/schema.ts";
import { EmbeddingId } from "../resources/segmentations/schema.ts";

/** The text fields of a replay. */
export const ReplayFields = z.object({
  patient: PatientParams.shape.patient,
  embedding: EmbeddingId.optional(),
});

export const ReplayDocument = z.object({
  identical: z.literal(true),
  mask: MaskBody,
  notes: z.array(FaultDocument).openapi({
    description:
      "What is not as the receipt states and made no difference: runtime, versions, another file of the same pixels",
  }),
}).openapi("Replay", {
  example: {
    identical: true,
    mask: MASK,
    notes: [{
      path: "receipt.runtime.threads",
      message: "runtime.threads is 1, was 2",
      expected: "2",
      actual: "1",
    }],
  },
});
