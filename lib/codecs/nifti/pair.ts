import { gzipSync } from "node:zlib";
import { type Bytes, concat, hasText } from "../../core/bytes.ts";
import { isGzip, unpackHead } from "../gzip.ts";
import { isLittleEndian, layoutOf } from "./header.ts";
import { readFields, writeFields } from "./fields.ts";

/** Whether a file is a header whose voxels are in another file: the `.hdr` or `.hdr.gz` of a pair. */
export function isNiftiPairHeader(bytes: Uint8Array): boolean {
  return pairHeader(bytes) !== undefined;
}

/**
 * A `.hdr` and its `.img` as one file, `.nii`, or `.nii.gz` where the voxels are gzipped: a gzip file may have several
 * members, so the voxels are not unpacked.
 */
export function joinNifti(header: Uint8Array, voxels: Uint8Array): Bytes {
  const { layout, bytes } = pairHeader(header)!;
  const littleEndian = isLittleEndian(bytes, layout);
  const { offset } = readFields(bytes, layout, littleEndian);
  const head = new Uint8Array(layout.length + 4);
  head.set(bytes);
  head.set(new TextEncoder().encode(layout.magic), layout.magicAt);
  writeFields(head, layout, littleEndian, {
    offset: head.length + Math.max(0, Math.floor(offset) || 0),
  });
  return concat([isGzip(voxels) ? gzipSync(head) : head, voxels]);
}

function pairHeader(bytes: Uint8Array) {
  const head = isGzip(bytes) ? unpackHead(bytes) : bytes;
  const layout = head && layoutOf(head);
  if (!layout || !hasText(head, layout.magicAt, layout.pairMagic)) return;
  if (head.length < layout.length) return;
  return { layout, bytes: head.slice(0, layout.length) };
}
