import { type Bytes, concat } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import { integers } from "../volume/text_header.ts";
import { isDetached, isMetaImage, readMetaFields } from "./fields.ts";

/** Whether a file is a header whose voxels are in another file, `.mhd`. */
export function isMetaPairHeader(bytes: Uint8Array): boolean {
  return isMetaImage(bytes) && isDetached(readMetaFields(bytes).fields);
}

/** A header and its voxels as one file, `.mha`. @throws {EdgeError} where the voxels are in several files. */
export function joinMeta(header: Uint8Array, voxels: Uint8Array): Bytes {
  const { fields } = readMetaFields(header);
  if (/^LIST\b|%/.test(fields.get("ElementDataFile")!)) {
    throw readErrors("MetaImage").unsupported("voxels in one file", "several");
  }
  // The size of the data file's own header counts from the start of that file; -1 says that the voxels end it.
  const [skip = 0] = integers(fields.get("HeaderSize") ?? "0");
  if (skip >= 0) fields.delete("HeaderSize");
  fields.delete("ElementDataFile");
  fields.set("ElementDataFile", "LOCAL");
  const head = Array.from(fields, ([name, value]) => `${name} = ${value}\n`);
  return concat([
    Uint8Array.from(head.join(""), (c) => c.charCodeAt(0)),
    voxels.subarray(Math.max(0, skip)),
  ]);
}
