import { z } from "@hono/zod-openapi";
import { isUid } from "../../lib/dicom/data_set/uid.ts";
import { header } from "./answers.ts";

/** A unique identifier (PS3.5 §9.1). */
export const Uid = z.string().refine(
  isUid,
  "must be a UID: at most 64 digits, and dots between them",
).openapi({
  type: "string",
  maxLength: 64,
  pattern: "^[0-9]+(\\.[0-9]+)*$",
});

/** A series of the image archive. */
export const SeriesOfArchive = z.strictObject({
  study: Uid.describe("Study Instance UID"),
  series: Uid.describe("Series Instance UID"),
});

/** An object of the image archive, in the place of a file. */
export const ArchiveReference = SeriesOfArchive.extend({
  instance: Uid.optional().describe(
    "SOP Instance UID; may be left out where the series has one object",
  ),
  frame: z.int().min(0).max(999_999).optional().describe(
    "Frame of the image, from 0",
  ),
}).openapi("ArchiveReference", {
  example: { study: "2.25.78", series: "2.25.79", instance: "2.25.80" },
});

/** The series in the place of its files, or one object of it that holds all frames. */
export const SeriesByReference = z.strictObject({
  dicomweb: SeriesOfArchive.extend({ instance: Uid.optional() }),
});

/** What was stored in the archive. */
export const StoredDocument = z.object({
  study: Uid,
  series: Uid,
  instance: Uid,
}).openapi("Stored").nullable().describe(
  "Only with `store`: the object that the archive has confirmed; null where the structure is absent",
);

/** The header that says the same of an answer that is a file, for the OpenAPI document. */
export const storedHeaders = {
  "x-stored-instance": header(
    "Of an answer that is a file, with `store`: the SOP Instance UID of what the archive has confirmed",
  ),
};
