import { z } from "@hono/zod-openapi";
import {
  type Code,
  parseCode,
} from "../../lib/dicom/segmentation/segment_description.ts";
import { NAME } from "../../lib/model/locate.ts";
import { RECIPE_NAMES } from "../../lib/pipeline/recipe.ts";

/** Ids that appear in URLs: letters, digits and `._~-`, at most 128. */
const id = (name: string, example: string) =>
  z.string()
    .regex(
      /^[A-Za-z0-9._~-]{1,128}$/,
      "must be 1 to 128 letters, digits, or . _ ~ -",
    )
    .refine((text) => text !== "." && text !== "..", "must not be . or ..")
    .openapi({ param: { name, in: "path" }, example });

export const PatientParams = z.object({ patient: id("patient", "p-17") });
export const ReferenceParams = PatientParams.extend({
  reference: id("reference", "visit-1"),
});

export const EmbeddingId = z.string()
  .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits")
  .openapi({ example: "9f".repeat(32) });

/** The name of a structure, in Unicode's composed form. */
export const Label = z.string()
  .transform((text) => text.normalize("NFC").trim())
  .pipe(
    z.string().min(1).max(64).refine(
      (text) => /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]*$/u.test(text),
      "must be letters, digits, spaces, or . _ -, the first a letter or digit",
    ),
  )
  .openapi({ type: "string", example: "target" });

export const LabelOrTarget = Label.default("target").openapi({
  type: "string",
  default: "target",
  description: "Name of the structure",
});

/** Which of the served models; the default one where it is left out. */
export const ModelQuery = z.strictObject({
  model: z.string().regex(
    NAME,
    "must be 1 to 128 letters, digits, or . _ -, the first no . or -",
  ).optional().describe("Id of a served model"),
});

/** A whole number from 0 as text. */
export const FrameNumber = z.string().regex(
  /^\d{1,6}$/,
  "must be a whole number from 0",
).transform(Number).optional().openapi({
  type: "integer",
  description:
    "Frame of a DICOM image, page of a TIFF file or slice of a volume, from 0; the first of a DICOM image or TIFF file",
});

/** Which model, and which frame of the image. */
export const ImageQuery = ModelQuery.extend({ frame: FrameNumber });

/** Which structure of a mask's file. */
export const SegmentChoice = z.string()
  .max(64)
  .regex(
    /^[^\p{Cc}]+$/u,
    "must be 1 to 64 characters, none a control character",
  )
  .optional();

export const SEGMENT_CHOICE = {
  type: "string" as const,
  minLength: 1,
  maxLength: 64,
  description:
    "Which structure, where the mask's file holds several: a value of a label map, or the number or name of a " +
    "segment of a DICOM segmentation or of a region of interest of an RTSTRUCT",
};

/** A position along a volume as text. */
export const Position = z.string()
  .regex(/^(0(\.\d+)?|1(\.0+)?)$/, "must be a number from 0 to 1")
  .transform(Number);

/** A number of a revision as text. */
export const RevisionNumber = z.string()
  .regex(/^[1-9]\d{0,8}$/, "must be a whole number from 1")
  .transform(Number)
  .openapi({ type: "integer", description: "Number of a revision" });

export const Recipe = z.enum(RECIPE_NAMES).optional().openapi({
  description:
    "Which candidates are tried, and how; where left out, `dense` for a model that takes match maps, and " +
    "`medical` for any other",
});

/** A coded concept as `value:scheme:meaning`. */
const CodedConcept = z.string().transform((text, context): Code => {
  const code = parseCode(text);
  if (code !== null) return code;
  context.addIssue({
    code: "custom",
    message: "must be value:scheme:meaning, as 10200004:SCT:Liver",
  });
  return z.NEVER;
});
const concept = (description: string) =>
  CodedConcept.optional().openapi({
    type: "string",
    example: "10200004:SCT:Liver",
    description: `Of a DICOM answer: ${description}, as value:scheme:meaning`,
  });

/** How a DICOM segmentation describes its segment. */
export const segmentCodes = {
  category: concept("segmented property category; Tissue where left out"),
  property: concept("segmented property type; Tissue where left out"),
  region: concept("anatomic region"),
};
