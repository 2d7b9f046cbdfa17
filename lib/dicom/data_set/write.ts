import { type Bytes, concat } from "../../core/bytes.ts";
import { TAG } from "./tags.ts";

/** A data element to be written: tag, value representation, value; items make a sequence. */
export type WriteElement = [
  tag: number,
  vr: string,
  value: string | number[] | Uint8Array | WriteElement[][],
];

/** How the elements of a data set are coded (PS3.5 §A.1, §A.2). Only implicit ones may hold long decimal strings. */
const TRANSFER_SYNTAXES = {
  explicit: "1.2.840.10008.1.2.1",
  implicit: "1.2.840.10008.1.2",
};
type Representation = keyof typeof TRANSFER_SYNTAXES;
const TEXT = new TextEncoder();

/** One element, or none where there is no value; the empty text is one. */
export function optional(
  tag: number,
  vr: string,
  value: WriteElement[2] | null | undefined,
): WriteElement[] {
  return value === null || value === undefined ? [] : [[tag, vr, value]];
}

/**
 * Writes a DICOM file (PS3.10) in Little Endian. Elements are sorted; sequences and items have defined
 * lengths; odd values are padded as their representation requires (PS3.5 §6.2).
 *
 * @param software UID and name (at most 16 characters) of the implementation.
 * @param dataset must contain the SOP class and instance UID too.
 * @param representation whether elements state their value representations.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { readDicom } from "./file.ts";
 * import { TAG } from "./tags.ts";
 *
 * const bytes = writeDicom(
 *   { classUid: "1.2.840.10008.5.1.4.1.1.7", instanceUid: "2.25.1" },
 *   { uid: "2.25.2", name: "EXAMPLE" },
 *   [[TAG.patientId, "LO", "p-17"]],
 * );
 * equal(readDicom(bytes).dataset.text(TAG.patientId), "p-17");
 * ```
 */
export function writeDicom(
  sop: { classUid: string; instanceUid: string },
  software: { uid: string; name: string },
  dataset: WriteElement[],
  representation: Representation = "explicit",
): Bytes {
  const meta = encode([
    [0x00020001, "OB", Uint8Array.of(0, 1)],
    [0x00020002, "UI", sop.classUid],
    [0x00020003, "UI", sop.instanceUid],
    [TAG.transferSyntax, "UI", TRANSFER_SYNTAXES[representation]],
    [0x00020012, "UI", software.uid],
    [0x00020013, "SH", software.name],
  ]);
  return concat([
    new Uint8Array(128),
    TEXT.encode("DICM"),
    encode([[0x00020000, "UL", [meta.length]]]),
    meta,
    encode(dataset, representation === "explicit"),
  ]);
}

function encode(elements: WriteElement[], isExplicit = true): Bytes {
  return concat(
    elements.toSorted(([a], [b]) => a - b).flatMap(([tag, vr, value]) => {
      const body = encodeValue(vr, value, isExplicit);
      const isLong = isExplicit && /^(OB|OW|SQ|UN|UT)$/.test(vr);
      const head = new Uint8Array(isLong ? 12 : 8);
      const view = new DataView(head.buffer);
      setTag(view, 0, tag);
      if (isExplicit) head.set(TEXT.encode(vr), 4);
      if (isLong) view.setUint32(8, body.length, true);
      else if (isExplicit) view.setUint16(6, body.length, true);
      else view.setUint32(4, body.length, true);
      return [head, body];
    }),
  );
}

function encodeValue(
  vr: string,
  value: WriteElement[2],
  isExplicit: boolean,
): Uint8Array {
  if (typeof value === "string") return padded(TEXT.encode(value), vr);
  if (value instanceof Uint8Array) return padded(value, vr);
  if (vr === "SQ") {
    return concat((value as WriteElement[][]).flatMap((item) => {
      const body = encode(item, isExplicit);
      const head = new Uint8Array(8);
      const view = new DataView(head.buffer);
      setTag(view, 0, 0xfffee000);
      view.setUint32(4, body.length, true);
      return [head, body];
    }));
  }
  const numbers = value as number[];
  const step = vr === "US" ? 2 : 4;
  const body = new Uint8Array(numbers.length * step);
  const view = new DataView(body.buffer);
  numbers.forEach((number, i) => {
    if (vr === "US") view.setUint16(2 * i, number, true);
    else if (vr === "AT") setTag(view, 4 * i, number);
    else view.setUint32(4 * i, number, true);
  });
  return body;
}

function setTag(view: DataView, at: number, tag: number): void {
  view.setUint16(at, tag >>> 16, true);
  view.setUint16(at + 2, tag & 0xffff, true);
}

function padded(bytes: Uint8Array, vr: string): Uint8Array {
  if (bytes.length % 2 === 0) return bytes;
  const out = new Uint8Array(bytes.length + 1);
  out.set(bytes);
  if (vr !== "UI" && vr !== "OB" && vr !== "UN") out[bytes.length] = 0x20;
  return out;
}
