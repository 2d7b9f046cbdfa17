import type { Context } from "hono";
import type { InputFile } from "../../lib/engine/engine.ts";
import { binary } from "../contract/answers.ts";
import { EmbeddingId } from "../contract/parameters.ts";
import { invalid } from "../contract/problems.ts";
import type { Env } from "../router.ts";
import { defineForm, file, optional, text } from "./form.ts";
import { mediaTypeOf } from "./media_type.ts";

const ImageForm = defineForm({ image: file() });

const FORM_TYPES = Object.keys(ImageForm.content);

/** A cached embedding in the place of a form's image. */
export const embeddingField = text(EmbeddingId.optional(), {
  type: "string",
  description: "Id of a cached embedding",
});

/** An image in JSON, or a cached embedding in its place. */
export const ImageOrEmbedding = defineForm(
  { image: optional(file()), embedding: embeddingField },
  { either: [["image", "embedding"]] },
);

/**
 * An image as a request body, for the OpenAPI document: its bytes, or a form or JSON with the field `image`. Generators of
 * clients use the first type, which fits every image.
 */
export const imageBody = {
  "application/octet-stream": binary,
  "image/png": binary,
  "image/jpeg": binary,
  "image/webp": binary,
  "image/tiff": binary,
  "image/gif": binary,
  "image/bmp": binary,
  "image/jp2": binary,
  "image/avif": binary,
  "image/heic": binary,
  "image/heif": binary,
  "image/jxl": binary,
  "application/dicom": binary,
  "application/x-nifti": binary,
  "application/x-nrrd": binary,
  "application/x-metaimage": binary,
  "application/x-safetensors": binary,
  ...ImageForm.content,
};

/** An image, as the whole body or as the field `image` of a form or of JSON; `frame` is the one that is meant. */
export async function readImage(
  c: Context<Env>,
  frame: number | undefined,
): Promise<InputFile> {
  return withFrame(await readFile(c), frame);
}

/**
 * A file, and which of its frames is meant.
 *
 * @throws EdgeError `validation` where a reference to the image archive has named one already.
 */
export function withFrame<T extends InputFile>(
  file: T,
  frame: number | undefined,
): T {
  if (frame === undefined) return file;
  if (file.frame === undefined) return { ...file, frame };
  const message = "is named in the reference to the archive too";
  throw invalid("request", [{ path: ["frame"], message }]);
}

async function readFile(c: Context<Env>): Promise<InputFile> {
  const mediaType = mediaTypeOf(c);
  if (FORM_TYPES.includes(mediaType)) {
    return (await ImageForm.read(c)).image;
  }
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  return mediaType === "" ? { bytes } : { bytes, mediaType };
}
