import { crc32 } from "node:zlib";
import fc from "fast-check";
import { fixtures } from "./fixtures.ts";

/** A fixture with some of its bytes changed, or its end cut off. */
export interface Damaged {
  name: string;
  bytes: Uint8Array;
}

/** Headers are where damage is most interesting: every other change hits the first bytes. */
const changes = fc.array(fc.tuple(fc.boolean(), fc.nat(), fc.nat(255)), {
  minLength: 1,
  maxLength: 8,
});
const cut = fc.option(fc.nat(), { freq: 3 });
type Changes = [early: boolean, position: number, value: number][];

function damage(
  original: Uint8Array,
  changed: Changes,
  length: number | null,
  start: number,
  head: number,
): Uint8Array {
  const bytes = original.slice();
  const all = bytes.length - start;
  for (const [early, position, value] of changed) {
    bytes[start + position % (early ? Math.min(head, all) : all)] = value;
  }
  return length === null
    ? bytes
    : bytes.subarray(0, length % (bytes.length + 1));
}

/** Rewrites a PNG's checksums where it can, so that damage gets past them. */
function mend(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[1] !== 0x50) return;
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return;
    view.setUint32(end - 4, crc32(bytes.subarray(at + 4, end - 4)));
    at = end;
  }
}

/** Files of any format. */
export const damagedFiles: fc.Arbitrary<Damaged> = fc
  .tuple(fc.constantFrom(...fixtures), changes, cut, fc.boolean())
  .map(([{ name, bytes: original }, changed, length, mended]) => {
    const bytes = damage(original, changed, length, 0, 64);
    if (mended) mend(bytes);
    return { name, bytes };
  });

const withFrames = fixtures.filter(({ name, more }) =>
  /\.(dcm|nii|gz)$/.test(name) || more.length > 0
);

/** DICOM and NIfTI files and TIFF files of several pages, often damaged in their header and never in the preamble. */
export const damagedVolumes: fc.Arbitrary<Damaged> = fc
  .tuple(fc.constantFrom(...withFrames), changes, cut)
  .map(([{ name, bytes: original }, changed, length]) => {
    const start = name.endsWith(".dcm") ? 132 : 0;
    return { name, bytes: damage(original, changed, length, start, 400) };
  });
