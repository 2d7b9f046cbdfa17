import type { Context } from "hono";
import type { Bytes } from "../../lib/core/bytes.ts";
import { invalid } from "../contract/problems.ts";
import { InlineBytes } from "./inline_files.ts";
import { uploadsOf } from "./sent_uploads.ts";

/** A file that is named or held by JSON. */
export type JsonFile =
  & { mediaType: string | undefined }
  & (
    { bytes: Bytes } | { upload: string }
  );

/** The schema of such a file, a component of the OpenAPI document. */
export const INLINE_FILE = {
  type: "object" as const,
  description: "One of `base64`, `upload` and `dicomweb`",
  properties: {
    base64: {
      type: "string" as const,
      description: "The file's bytes (RFC 4648, section 4)",
    },
    upload: {
      type: "string" as const,
      description: "Id of a complete upload, in place of `base64`",
    },
    mediaType: {
      type: "string" as const,
      description: "Needed for an embedding that the client made",
    },
    dicomweb: {
      $ref: "#/components/schemas/ArchiveReference",
      description: "An object of the image archive",
    } as never,
  },
};

/**
 * @param name of the field that the value has.
 * @throws EdgeError `validation` for what is no file.
 */
export function readJsonFile(value: unknown, name: string): JsonFile {
  const { base64, upload, mediaType, ...others } = isObject(value)
    ? withoutNulls(value)
    : {};
  const isKnown = Object.keys(others).length === 0 &&
    (mediaType === undefined || typeof mediaType === "string");
  if (isKnown && typeof upload === "string" && base64 === undefined) {
    return { upload, mediaType };
  }
  const isFile = isKnown && upload === undefined &&
    base64 instanceof InlineBytes;
  if (!isFile) {
    throw wrong(
      name,
      'must be an object {"base64": text} or {"upload": id}, perhaps with a "mediaType", or {"dicomweb": reference}',
    );
  }
  if (base64.bytes === null) throw wrong(`${name}.base64`, base64.why);
  return { bytes: base64.bytes, mediaType };
}

/** The bytes of such a file, whole. */
export async function bytesOfFile(c: Context, file: JsonFile): Promise<Bytes> {
  return "bytes" in file ? file.bytes : await uploadsOf(c).read(file.upload);
}

/** The members that have a value: some writers of JSON state every member, and null for those left out. */
export function withoutNulls(
  object: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null),
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof InlineBytes);
}

/** The error of one field of a body. */
export function wrong(name: string, message: string) {
  return invalid("body", [{ path: [name], message }]);
}
