import { z } from "@hono/zod-openapi";
import { Label, ReferenceParams } from "../resources/segmentations/schema.ts";

/** Which of a patient's references are exported. */
export const TransferQuery = z.strictObject({
  label: Label.optional().openapi({
    type: "string",
    description: "Name of the structure; all where left out",
  }),
});

/** What an archive says of a reference; fields that this version does not know are kept. */
export const ArchivedReference = z.looseObject({
  reference: ReferenceParams.shape.reference,
  label: Label,
  position: z.number().min(0).max(1).nullable(),
  model: z.string().regex(/^[0-9a-f]{64}$/),
  image: z.strictObject({
    width: z.int().positive(),
    height: z.int().positive(),
  }),
  patches: z.int().positive(),
  createdAt: z.iso.datetime(),
});
