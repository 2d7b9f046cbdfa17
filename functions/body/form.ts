import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Bytes, concat } from "../../lib/core/bytes.ts";
import type { InputFile } from "../../lib/engine/engine.ts";
import { bytesOf, readMultipart } from "./multipart.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { invalid } from "../router.ts";

/** Largest JSON body: a mask prompt of a large photo fits. */
export const MAX_JSON_BYTES = 5_000_000;

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
    throw new EdgeError(
      "malformed-request",
      `Cannot read ${place}: it is not JSON.`,
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(place, parsed.error.issues);
  return parsed.data;
}

/** A file of a form, whole in memory: forms are bounded as a body. */
export interface SentFile {
  bytes: Uint8Array<ArrayBuffer>;
  mediaType?: string;
  name: string | null;
}

export type FormValue = SentFile | string;

/**
 * The fields of a multipart body; each name at most once, and only the names listed. One that is empty is
 * not given: forms of pages send those that nobody filled in.
 */
export async function readForm(
  c: Context,
  names: string[],
): Promise<Record<string, FormValue>> {
  if (mediaTypeOf(c) !== "multipart/form-data") {
    throw new EdgeError(
      "unsupported-type",
      `Cannot read the body: wanted multipart/form-data, got ${
        mediaTypeOf(c) || "no content type"
      }.`,
    );
  }
  const came = new Set<string>();
  const fields: Record<string, FormValue> = {};
  const expect = (name: string | undefined): string => {
    if (name !== undefined && names.includes(name) && !came.has(name)) {
      came.add(name);
      return name;
    }
    throw invalid("body", [{
      path: [],
      message: `has an unknown or repeated field; it takes ${
        names.join(", ")
      }, each once`,
    }]);
  };
  await readMultipart(c, bytesOf(c), {
    async file(field, stream, mediaType, name) {
      const expected = expect(field);
      const bytes = await gather(stream);
      if (bytes.length === 0 && name === null) return;
      fields[expected] = { bytes, mediaType, name };
    },
    field(name, value) {
      const expected = expect(name);
      if (value !== "") fields[expected] = value;
    },
    // One more than there are names is told by its name.
    maxParts: names.length + 1,
    maxFieldBytes: MAX_JSON_BYTES,
  });
  return fields;
}

async function gather(
  stream: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return concat(parts);
}

/** A file field of a form, which must be there. */
export function fileOf(
  value: FormValue | undefined,
  name: string,
): InputFile & { bytes: Bytes } {
  if (value === undefined) {
    throw invalid("body", [{ path: [name], message: "is missing" }]);
  }
  if (typeof value === "string") {
    throw invalid("body", [{
      path: [name],
      message: "must be a file, with a file name",
    }]);
  }
  return { bytes: value.bytes, mediaType: value.mediaType };
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
  return { ...fileOf(image, "image"), frame };
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
export function textOf(value: FormValue): string {
  return typeof value === "string"
    ? value
    : new TextDecoder().decode(value.bytes);
}
