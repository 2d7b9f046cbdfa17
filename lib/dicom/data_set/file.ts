import { hasText } from "../../core/bytes.ts";
import { Dataset, malformed, truncated } from "./data_set.ts";
import { type Coding, codingAt, tagAt } from "./head.ts";
import { inflateRaw } from "./inflate.ts";
import { TAG } from "./tags.ts";

/** A DICOM file (PS3.10): its data set, and how its pixels are coded. */
export interface DicomFile {
  /** UID of the transfer syntax that the file states, or "". */
  transferSyntax: string;
  dataset: Dataset;
}

const EXPLICIT = { littleEndian: true, explicit: true };
const IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2";
const EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2";
const DEFLATED = "1.2.840.10008.1.2.1.99";
/** Deflated data sets may grow to this many times the file, and to this many bytes. */
const MAX_RATIO = 100;
const MAX_INFLATED = 256 * 2 ** 20;

/** The first element of the file meta information, its group length. */
const META = "\x02\0\0\0UL\x04\0";
/** Groups with which a file without a preamble begins: its meta information, or its data set. */
const FIRST_GROUPS = [0x0002, 0x0008];

/**
 * Whether bytes begin like a DICOM file: with `DICM` after the preamble, or, without a preamble, with the file meta
 * information or the data set, in any coding. These are believed where several elements follow each other.
 */
export function isDicom(bytes: Uint8Array): boolean {
  if (hasText(bytes, 128, "DICM") || hasText(bytes, 0, META)) return true;
  const view = viewOf(bytes);
  const at = hasText(bytes, 0, "DICM") ? 4 : 0;
  const coding = codingAt(view, at, bytes.length);
  return coding !== undefined &&
    FIRST_GROUPS.includes(tagAt(view, at, coding.littleEndian) >>> 16);
}

/**
 * Reads the data set of a DICOM file that {@linkcode isDicom} has recognised; decodes no pixels. How the elements are
 * coded is told by their bytes; the transfer syntax only decides where these do not.
 *
 * @param stop true for the tag of the first element that is not wanted.
 * @throws {EdgeError} for a file that is cut short, contradicts its format, or nests or grows more than real files
 * do.
 */
export function readDicom(
  bytes: Uint8Array,
  stop?: (tag: number) => boolean,
): DicomFile {
  const start = [128, 0].find((at) => hasText(bytes, at, "DICM"));
  const from = start === undefined ? 0 : start + 4;
  const view = viewOf(bytes);
  const { dataset: meta, end } = Dataset.read(
    bytes,
    from,
    codingAt(view, from, bytes.length) ?? EXPLICIT,
    (tag) => tag >>> 16 !== 0x0002,
  );
  const transferSyntax = meta.text(TAG.transferSyntax);
  const coding = codingAt(view, end, bytes.length);
  if (transferSyntax === "") {
    if (end >= bytes.length) {
      throw truncated("inside its file meta information");
    }
    if (coding === undefined) {
      throw malformed("it states no transfer syntax, and its elements none.");
    }
  }
  if (transferSyntax === DEFLATED && coding === undefined) {
    const deflated = bytes.subarray(end);
    const most = Math.min(MAX_INFLATED, (deflated.length + 1) * MAX_RATIO);
    const inflated = inflateRaw(deflated, most, "data set");
    const { dataset } = Dataset.read(
      inflated,
      0,
      codingAt(viewOf(inflated), 0, inflated.length) ?? EXPLICIT,
      stop,
    );
    return { transferSyntax, dataset };
  }
  const { dataset } = Dataset.read(
    bytes,
    end,
    coding ?? codingOf(transferSyntax),
    stop,
  );
  return { transferSyntax, dataset };
}

function codingOf(transferSyntax: string): Coding {
  return {
    littleEndian: transferSyntax !== EXPLICIT_BIG_ENDIAN,
    explicit: transferSyntax !== IMPLICIT_LITTLE_ENDIAN,
  };
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
