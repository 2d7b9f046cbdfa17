import { z } from "@hono/zod-openapi";
import { PatientParams } from "../resources/segmentations/schema.ts";

/** Which entries of the trail. */
export const AuditQuery = z.strictObject({
  after: z.string()
    .regex(
      /^[0-9a-z]{9}-[0-9a-f]{8}\.\d{1,15}$/,
      "must be chain.seq of an entry",
    )
    .transform((text): [string, number] => {
      const [chain, seq] = text.split(".");
      return [chain, Number(seq)];
    }).optional().openapi({
      type: "string",
      description:
        "`chain.seq` of the last entry of the page before, as its header x-next-after says",
    }),
  limit: z.string().regex(/^[1-9]\d{0,3}$|^10000$/, "must be from 1 to 10000")
    .transform(Number).default(1000)
    .openapi({ type: "integer", description: "Entries looked at" }),
  patient: PatientParams.shape.patient.optional().openapi({
    param: { name: "patient", in: "query" },
    description: "Tell only what concerns this patient, erased or not",
  }),
});
