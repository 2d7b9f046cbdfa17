import { hasText } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import { headerLines } from "../volume/text_header.ts";

/** The fields of a header by name, in lower case and without spaces; where its voxels start; its end, if it has one. */
export interface NrrdFields {
  fields: Map<string, string>;
  end: number;
}

const { malformed, truncated } = readErrors("NRRD");

/** Whether a file begins as NRRD0001 to NRRD0005 do. */
export function isNrrd(bytes: Uint8Array): boolean {
  return hasText(bytes, 0, "NRRD000");
}

/**
 * Reads the fields of a header, <https://teem.sourceforge.net/nrrd/format.html>. Comments and the file's own
 * `key:=value` pairs are left out. An empty line ends the header; without one, its voxels are in another file.
 *
 * @throws {EdgeError}
 */
export function readNrrdFields(bytes: Uint8Array): NrrdFields {
  const fields = new Map<string, string>();
  let isFirst = true;
  let end = 0;
  for (const line of headerLines(bytes, "NRRD")) {
    end = line.end;
    if (isFirst) {
      if (!/^NRRD000[1-5]\s*$/.test(line.text)) {
        throw malformed("its first line is not NRRD0001 to NRRD0005.");
      }
      isFirst = false;
      continue;
    }
    if (line.text === "") return { fields, end };
    if (line.text.startsWith("#")) continue;
    const colon = line.text.indexOf(":");
    if (colon < 1) {
      throw malformed("a line of its header is neither a field nor a comment.");
    }
    if (line.text[colon + 1] === "=") continue;
    const name = line.text.slice(0, colon).toLowerCase().replace(/\s/g, "");
    fields.set(name, line.text.slice(colon + 1).trim());
  }
  if (isDetached(fields)) return { fields, end };
  throw truncated("inside its header");
}

/** Whether the fields name other files for the voxels. */
export function isDetached(fields: Map<string, string>): boolean {
  return fields.has("datafile");
}
