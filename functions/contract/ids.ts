import { z } from "@hono/zod-openapi";

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
