import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { EdgeError } from "../../../lib/core/errors.ts";
import type { InputFile } from "../../../lib/engine/engine.ts";
import { sniffMediaType } from "../../../lib/image/media_type.ts";

const ANSWER_TYPES = [
  "application/json",
  "image/png",
  "application/dicom",
  "application/x-nifti",
] as const;
export type AnswerType = typeof ANSWER_TYPES[number];

/** What a file must be to be answered in its own format. */
const SOURCES = new Map<AnswerType, string>([
  ["application/dicom", "a DICOM image"],
  ["application/x-nifti", "a NIfTI volume"],
]);

/** What the Accept header prefers; JSON where it leaves the choice. */
export function answerTypeOf(c: Context): AnswerType {
  if (!c.req.header("accept")) return "application/json";
  const type = accepts(c, {
    header: "Accept",
    supports: [...ANSWER_TYPES, "application/*", "*/*", "image/*"],
    default: "none",
  });
  if (type === "none") {
    throw new EdgeError(
      "not-acceptable",
      `A segmentation is answered as ${ANSWER_TYPES.join(" or ")}.`,
    );
  }
  const named = ANSWER_TYPES.find((known) => known === type);
  return named ?? (type === "image/*" ? "image/png" : "application/json");
}

/** Whether the answer is a file in the format of its image. */
export function isSourceFormat(type: AnswerType): boolean {
  return SOURCES.has(type);
}

/** A DICOM or NIfTI answer refers to the image that was sent, which must be of its kind. */
export function requireSource(type: AnswerType, image?: InputFile): void {
  const kind = SOURCES.get(type);
  if (kind === undefined) return;
  if (image !== undefined && sniffMediaType(image.bytes) === type) return;
  throw new EdgeError(
    "not-acceptable",
    `An answer of ${type} takes its geometry from the image: send ${kind}, not ` +
      `${image === undefined ? "an embedding" : "an image of another type"}; ` +
      "or accept application/json or image/png.",
  );
}
