import { type Bytes, concat } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import { headerLines } from "../volume/text_header.ts";
import { isDetached, isNrrd, readNrrdFields } from "./fields.ts";

/** Whether a file is a header whose voxels are in another file, `.nhdr`. */
export function isNrrdPairHeader(bytes: Uint8Array): boolean {
  return isNrrd(bytes) && isDetached(readNrrdFields(bytes).fields);
}

/** A header and its voxels as one file, `.nrrd`. @throws {EdgeError} where the voxels are in several files. */
export function joinNrrd(header: Uint8Array, voxels: Uint8Array): Bytes {
  const { fields } = readNrrdFields(header);
  if (/^LIST\b|%/.test(fields.get("datafile")!)) {
    throw readErrors("NRRD").unsupported("voxels in one file", "several");
  }
  const lines: string[] = [];
  for (const { text } of headerLines(header, "NRRD")) {
    if (text === "") break;
    if (!/^data ?file:/i.test(text)) lines.push(text);
  }
  const head = `${lines.join("\n")}\n\n`;
  return concat([Uint8Array.from(head, (c) => c.charCodeAt(0)), voxels]);
}
