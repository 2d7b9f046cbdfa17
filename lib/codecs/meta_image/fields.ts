import { readErrors } from "../../core/read_errors.ts";
import { headerLines } from "../volume/text_header.ts";

/** The fields of a header by name, and the byte after its last line. */
export interface MetaFields {
  fields: Map<string, string>;
  end: number;
}

const { malformed, truncated } = readErrors("MetaImage");

/** Bytes in which the first field can be recognised. */
const HEAD_BYTES = 64;
const LINE_FEED = 10;

/** Whether a file begins as MetaImages do: with the field `ObjectType` or `NDims`. */
export function isMetaImage(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  return /^(ObjectType\s*=\s*Image\b|NDims\s*=)/.test(head);
}

/**
 * Reads the fields of a header, <https://itk.org/Wiki/ITK/MetaIO/Documentation>. `ElementDataFile` is the last; its
 * voxels follow where it says `LOCAL`.
 *
 * @throws {EdgeError}
 */
export function readMetaFields(bytes: Uint8Array): MetaFields {
  const fields = new Map<string, string>();
  for (const { text, end } of headerLines(bytes, "MetaImage")) {
    const sign = text.indexOf("=");
    if (sign < 0) {
      if (text.trim() === "") continue;
      throw malformed("a line of its header is not a field.");
    }
    const name = text.slice(0, sign).trim();
    const value = text.slice(sign + 1).trim();
    fields.set(name, value);
    if (name !== "ElementDataFile") continue;
    // Without an end of its line, the name may be cut short.
    const isCut = bytes[end - 1] !== LINE_FEED && "LOCAL".startsWith(value);
    if (!isCut) return { fields, end };
  }
  throw truncated("inside its header");
}

/** Whether the voxels are in another file, or in several. */
export function isDetached(fields: Map<string, string>): boolean {
  return fields.get("ElementDataFile")!.toUpperCase() !== "LOCAL";
}
