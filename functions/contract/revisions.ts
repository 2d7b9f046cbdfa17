import { z } from "@hono/zod-openapi";
import { DriftDocument } from "./accepted.ts";
import {
  Label,
  PatientParams,
  REFERENCE,
  ReferenceDocument,
  RevisionNumber,
} from "../resources/segmentations/schema.ts";

const revision = z.int().min(1).openapi({
  description: "Of the label, counting up from 1 with every change",
});

export const EnrolledDocument = ReferenceDocument.extend({ revision })
  .openapi("EnrolledReference");

export const PatientDocument = z.object({
  patient: z.string(),
  references: z.array(ReferenceDocument),
  labels: z.array(
    z.object({
      label: z.string(),
      revision,
      references: z.int().openapi({ description: "How many there are" }),
      drift: DriftDocument.nullable().openapi({
        description: "The largest of those accepted; null where there is none",
      }),
    }).openapi("LabelState"),
  ),
}).openapi("Patient", {
  example: {
    patient: "p-17",
    references: [REFERENCE],
    labels: [{ label: "target", revision: 1, references: 1, drift: null }],
  },
});

/** The references that came with a file. */
export const ImportedDocument = z.object({
  patient: z.string(),
  references: z.array(ReferenceDocument),
}).openapi("Imported");

export const LabelParams = PatientParams.extend({
  label: Label.openapi({
    param: { name: "label", in: "path" },
    type: "string",
    example: "target",
  }),
});
export const RevisionParams = LabelParams.extend({
  revision: RevisionNumber.openapi({
    param: { name: "revision", in: "path" },
    type: "integer",
    example: 1,
  }),
});

export const RevisionDocument = z.object({
  revision,
  change: z.enum(["enrolled", "replaced", "accepted", "deleted", "restored"]),
  reference: z.string().nullable().openapi({
    description: "The one that was changed; null where all were",
  }),
  restored: z.int().nullable().openapi({
    description: "The revision that was restored",
  }),
  at: z.iso.datetime(),
  references: z.array(ReferenceDocument),
}).openapi("Revision");

export const RevisionsDocument = z.object({
  patient: z.string(),
  label: z.string(),
  revisions: z.array(RevisionDocument).openapi({
    description: "Those that are kept, newest first; the first is in use",
  }),
}).openapi("Revisions");
