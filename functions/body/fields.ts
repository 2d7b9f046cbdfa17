import type { Context } from "hono";
import { type Bytes, concat } from "../../lib/core/bytes.ts";
import { invalid } from "../contract/problems.ts";
import { MAX_JSON_BYTES } from "./json.ts";
import { requireMediaType } from "./media_type.ts";
import { bytesOf, readMultipart } from "./multipart.ts";

/** A file of a form, whole in memory: a form is bounded as a body. */
export interface SentFile {
  bytes: Bytes;
  mediaType: string | undefined;
}

/** The value of a field, as it was sent. */
export type FieldValue = SentFile | string;

/**
 * The fields of a multipart body; each name at most once, and only the names listed. An empty field counts as left
 * out: browsers send the fields of a form that were not filled in.
 */
export async function readFields(
  c: Context,
  names: string[],
): Promise<Record<string, FieldValue>> {
  requireMediaType(c, "multipart/form-data");
  const seen = new Set<string>();
  const fields: Record<string, FieldValue> = {};
  const expect = (name: string | undefined): string => {
    if (name !== undefined && names.includes(name) && !seen.has(name)) {
      seen.add(name);
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
      const bytes = concat(await Array.fromAsync(stream));
      if (bytes.length === 0 && name === null) return;
      fields[expected] = { bytes, mediaType };
    },
    field(name, value) {
      const expected = expect(name);
      if (value !== "") fields[expected] = value;
    },
    // One part more than there are names is refused by its name, not by the number of parts.
    maxParts: names.length + 1,
    maxFieldBytes: MAX_JSON_BYTES,
  });
  return fields;
}
