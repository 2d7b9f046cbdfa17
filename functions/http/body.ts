import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { InputFile } from "../../lib/engine/engine.ts";
import type { Bytes } from "../../lib/store/types.ts";
import { RequestError } from "./problem.ts";
import { invalid } from "./router.ts";

/** The media type of a request body without its parameters, lower case; empty when none is given. */
export function mediaTypeOf(c: Context): string {
  return (c.req.header("content-type") ?? "").split(";")[0].trim()
    .toLowerCase();
}

/** JSON text that keeps to its schema; faults are told from `place` on. */
export function parseJson<T extends z.ZodType>(
  text: string,
  schema: T,
  place: string,
): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError(
      "malformed-request",
      `Cannot read ${place}: it is not JSON.`,
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(place, parsed.error.issues);
  return parsed.data;
}

/**
 * The fields of a multipart body; each name at most once, and only the names listed. One that is empty is
 * not given: forms of pages send those that nobody filled in.
 */
export async function readForm(
  c: Context,
  names: string[],
): Promise<Record<string, File | string>> {
  if (mediaTypeOf(c) !== "multipart/form-data") {
    throw new RequestError(
      "unsupported-type",
      `Cannot read the body: wanted multipart/form-data, got ${
        mediaTypeOf(c) || "no content type"
      }.`,
    );
  }
  let form: FormData;
  try {
    form = await c.req.formData();
  } catch {
    throw new RequestError(
      "malformed-request",
      "Cannot read the body: it is not whole multipart.",
    );
  }
  const fields: Record<string, File | string> = {};
  for (const [name, value] of form) {
    if (!names.includes(name) || name in fields) {
      throw invalid("body", [{
        path: [],
        message: `has an unknown or repeated field; it takes ${
          names.join(", ")
        }, each once`,
      }]);
    }
    const given = typeof value === "string"
      ? value !== ""
      : value.size > 0 || value.name !== "";
    if (given) fields[name] = value;
  }
  return fields;
}

/** A file field of a form, which must be there. */
export async function fileOf(
  value: File | string | undefined,
  name: string,
): Promise<InputFile & { bytes: Bytes }> {
  if (value === undefined) {
    throw invalid("body", [{ path: [name], message: "is missing" }]);
  }
  if (typeof value === "string") {
    throw invalid("body", [{
      path: [name],
      message: "must be a file, with a file name",
    }]);
  }
  return { bytes: await value.bytes(), mediaType: value.type || undefined };
}

/** An image, as the whole body or as the multipart field `image`, and which of its frames is meant. */
export async function readImage(
  c: Context,
  frame?: number,
): Promise<InputFile> {
  if (mediaTypeOf(c) !== "multipart/form-data") {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    return { bytes, mediaType: mediaTypeOf(c) || undefined, frame };
  }
  const { image } = await readForm(c, ["image"]);
  return { ...await fileOf(image, "image"), frame };
}

/** Refuses a form that has both of two fields or neither. */
export function requireOne(
  first: string,
  a: unknown,
  second: string,
  b: unknown,
): void {
  if ((a === undefined) !== (b === undefined)) return;
  const message = `needs either ${first} or ${second}, ` +
    (a === undefined ? "and has neither" : "not both");
  throw invalid("body", [{ path: [], message }]);
}

/** A text field of a form, which may come as a file. */
export async function textOf(value: File | string): Promise<string> {
  return typeof value === "string" ? value : await value.text();
}
